import { createHash } from 'node:crypto';
import { HEADER, headerOf } from '../message/headers';
import type { IncomingMessage } from '../message/wire';

/** Headers that the broker changes while a letter only stands and is looked at. */
const COUNTERS = new Set(['x-delivery-count', 'x-acquired-count']);

/**
 * What tells a letter from others: the same each time it is read, and in every process. Letters that are equal to the
 * last byte have the same.
 */
export function letterHash({ body, properties: { headers, ...properties } }: IncomingMessage): string {
  const told = Object.entries(headers ?? {}).filter(([name]) => !COUNTERS.has(name));
  const hash = createHash('sha256')
    .update(stableJson(properties))
    .update(stableJson(Object.fromEntries(told)));
  return hash.update(body).digest('hex').slice(0, 40);
}

/** With sorted keys: a broker may give the fields of a table in any order. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
  });
}

/** Gives every letter of a batch a mark of its own, equal letters included: `<hash>.0`, `<hash>.1`. */
export class LetterMarks {
  readonly #seen = new Map<string, number>();

  next(letter: IncomingMessage): string {
    const hash = letterHash(letter);
    const index = this.#seen.get(hash) ?? 0;
    this.#seen.set(hash, index + 1);
    return `${hash}.${index}`;
  }
}

/** The mark of a copy that stands in the replay queue. */
export function markOf({ properties: { headers } }: IncomingMessage): string | undefined {
  const mark = headerOf(headers, HEADER.replayMark);
  return typeof mark === 'string' ? mark : undefined;
}

export const hashOfMark = (mark: string): string => mark.slice(0, mark.lastIndexOf('.'));
