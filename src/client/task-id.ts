import { randomUUID } from 'node:crypto';

let prefixAt = -1;
let prefix = '';

/**
 * A new task's id: a UUID of version 7, which begins with the millisecond and goes on at random. Times of a task are so
 * known to the millisecond, where the message's own timestamp has seconds, and no header is needed for it.
 *
 * @param now - milliseconds since 1970.
 */
export function newTaskId(now: number): string {
  const millisecond = Math.floor(now);
  // The same for all tasks of a millisecond.
  if (millisecond !== prefixAt) {
    const hex = millisecond.toString(16).padStart(12, '0');
    prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
    prefixAt = millisecond;
  }
  return prefix + randomUUID().slice(15);
}
