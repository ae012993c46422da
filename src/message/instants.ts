import { MAX_INSTANT } from '../time/instant';
import { HEADER, integerHeader } from './headers';
import type { IncomingMessage } from './wire';

/**
 * When a task was first enqueued, in milliseconds since 1970; to the second where its id does not tell more than the
 * property `timestamp`; `undefined` where the sender does not say.
 */
export function firstEnqueuedAt({ properties: { timestamp, messageId } }: IncomingMessage): number | undefined {
  if (typeof timestamp !== 'number' || !(timestamp >= 0) || timestamp > MAX_INSTANT / 1000) return undefined;
  const exact = instantOfId(messageId);
  // An id can be older than its task, where the sender has made it; then it tells something else.
  return exact !== undefined && Math.floor(exact / 1000) === timestamp ? exact : timestamp * 1000;
}

const VERSION_AT = 14;

/** The digits of the millisecond that a UUID of version 7 begins with. */
const TIME_DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12];

/** Digit by digit: this runs for every message whose times somebody wants to know, and cutting texts costs ten times as much. */
function instantOfId(id: unknown): number | undefined {
  if (typeof id !== 'string' || id.length !== 36 || id[VERSION_AT] !== '7') return undefined;
  let millisecond = 0;
  for (const at of TIME_DIGITS) {
    const digit = hexDigit(id.charCodeAt(at));
    if (digit === undefined) return undefined;
    millisecond = millisecond * 16 + digit;
  }
  return millisecond;
}

/** `0` to `9`, `a` to `f`, `A` to `F`. */
function hexDigit(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}

/** From when on a task waited for a worker: it was enqueued, or its delay, backoff or replay was over. */
export function readyAt(message: IncomingMessage): number | undefined {
  const { headers } = message.properties;
  if (headers === undefined) return firstEnqueuedAt(message);
  return (
    integerHeader(headers, HEADER.dueAt, 0, MAX_INSTANT) ??
    integerHeader(headers, HEADER.replayedAt, 0, MAX_INSTANT) ??
    firstEnqueuedAt(message)
  );
}

/** How long ago an instant was; two machines' clocks differ, and nothing happens before it begins. */
export function elapsedMs(since: number | undefined, now: number): number | undefined {
  return since === undefined ? undefined : Math.max(0, now - since);
}
