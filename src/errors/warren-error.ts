/** Every code that an error of Warren can carry. A code is never renamed and never reused for another condition. */
export const WARREN_ERROR_CODES = [
  'CONFIGURATION',
  'INVALID_PAYLOAD',
  'INVALID_OPTIONS',
  'MESSAGE_LIMIT',
  'UNKNOWN_TASK',
  'ENQUEUE_MANY',
  'UNROUTABLE',
  'NACKED',
  'TOO_MANY_WAITING',
  'PUBLISH_REFUSED',
  'PUBLISH_TIMEOUT',
  'BROKER_BLOCKED',
  'CONNECTION_CLOSED',
  'CONNECTION_FAILED',
  'TOPOLOGY_CONFLICT',
  'TOPOLOGY_MISSING',
  'QUEUE_MISSING',
  'CONSUMER_MISSING',
  'LOCKED',
  'ACCESS_REFUSED',
  'ACK_TIMEOUT',
  'TASK_TIMEOUT',
  'SHUTTING_DOWN',
  'HANDLER_UNAVAILABLE',
  'INVALID_SCHEDULE',
  'SCHEDULE_REFUSED',
  'SCHEDULE_UNANSWERED',
  'NOT_STARTED',
  'HTTP_LISTEN_FAILED',
  'TEST_STALLED',
] as const;
export type WarrenErrorCode = (typeof WARREN_ERROR_CODES)[number];

/** Whether a task is stored after its `enqueue` has failed. `unknown`: it may be; enqueue it again with the same `id`. */
export type StoredAfter = 'no' | 'unknown';

/**
 * The base of every error that Warren raises. Branch on `code` (stable) or on the class; the message is for people
 * and may change. Neither holds a password or a payload.
 */
export abstract class WarrenError extends Error {
  abstract readonly code: WarrenErrorCode;

  protected constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}
