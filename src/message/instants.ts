import { HEADER, integerHeader } from './headers';
import type { IncomingMessage } from './wire';

const MAX_INSTANT = 8.64e15;

/**
 * When a task was first enqueued, in milliseconds since 1970; to the second where the sender writes no more than the
 * property `timestamp`; `undefined` where it does not say.
 */
export function firstEnqueuedAt({ properties: { headers, timestamp } }: IncomingMessage): number | undefined {
  const exact = headers === undefined ? undefined : integerHeader(headers, HEADER.enqueuedAt, 0, MAX_INSTANT);
  if (exact !== undefined) return exact;
  if (typeof timestamp !== 'number' || !(timestamp >= 0) || timestamp > MAX_INSTANT / 1000) return undefined;
  return timestamp * 1000;
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
