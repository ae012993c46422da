import { HEADER, integerHeader } from './headers';
import type { IncomingMessage } from './wire';

const MAX_INSTANT = 8.64e15;

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

/** The millisecond that a UUID of version 7 begins with. */
function instantOfId(id: unknown): number | undefined {
  if (typeof id !== 'string' || id.length !== 36 || id[VERSION_AT] !== '7') return undefined;
  const millisecond = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  return Number.isNaN(millisecond) ? undefined : millisecond;
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
