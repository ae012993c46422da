import { WarrenError } from './warren-error';

/**
 * Why a connection could not be made. `credentials`, `vhost` and `tls` do not heal by waiting. `no-credentials`: the
 * function that gives them threw, or gave none in time.
 */
export type ConnectionFailure =
  | 'unreachable'
  | 'credentials'
  | 'no-credentials'
  | 'vhost'
  | 'tls'
  | 'protocol'
  | 'timeout';

/** Raised when the broker cannot be reached or refuses the connection. The address is shown without its credentials. */
export class ConnectionFailedError extends WarrenError {
  readonly code = 'CONNECTION_FAILED';

  constructor(
    readonly address: string,
    readonly reason: ConnectionFailure,
    /** What went wrong, and what to do about it. */
    readonly detail: string,
  ) {
    super(`Cannot connect to ${address} (${reason}): ${detail}`);
  }
}

/** One difference between what is wanted and what the broker has. */
export interface ArgumentDifference {
  readonly field: string;
  readonly wanted: unknown;
  readonly actual: unknown;
}

/** Raised when a queue or exchange exists with other arguments than the plan's. Warren never deletes it by itself. */
export class TopologyConflictError extends WarrenError {
  readonly code = 'TOPOLOGY_CONFLICT';

  constructor(
    readonly kind: 'queue' | 'exchange',
    readonly entity: string,
    readonly differences: readonly ArgumentDifference[],
    detail: string,
  ) {
    super(`The ${kind} "${entity}" exists with other settings than planned. ${detail}`);
  }
}

/** Raised in topology mode `verify` when something planned is not on the broker. */
export class TopologyMissingError extends WarrenError {
  readonly code = 'TOPOLOGY_MISSING';

  constructor(readonly missing: readonly string[]) {
    super(
      `Missing on the broker: ${missing.join(', ')}. Start once with topology mode "assert", or import the printed definitions.`,
    );
  }
}

/** Raised when somebody else is doing what only one may do at a time, such as replaying the letters of one queue. */
export class LockedError extends WarrenError {
  readonly code = 'LOCKED';

  constructor(readonly lock: string) {
    super(
      `Somebody else holds the lock "${lock}". Wait until they are done; a process that was killed gives it back by itself.`,
    );
  }
}

/** Raised when an operation needs a queue that does not exist. */
export class QueueMissingError extends WarrenError {
  readonly code = 'QUEUE_MISSING';

  constructor(readonly queue: string) {
    super(`The queue "${queue}" does not exist on this broker (or in this vhost).`);
  }
}

/** Raised when a queue that should be consumed has no consumer at the broker. */
export class ConsumerMissingError extends WarrenError {
  readonly code = 'CONSUMER_MISSING';

  constructor(readonly queue: string) {
    super(`The broker knows no consumer of the queue "${queue}", though there should be one.`);
  }
}

/** Raised when the broker's user lacks a permission that an operation needs. Waiting does not heal it; giving the permission does. */
export class AccessRefusedError extends WarrenError {
  readonly code = 'ACCESS_REFUSED';

  constructor(
    readonly operation: string,
    readonly replyText: string,
  ) {
    super(
      `The broker does not let this user ${operation}: ${replyText}. Give the user the permission on this virtual host.`,
    );
  }
}

/**
 * Raised when the broker took deliveries back because one of them was not acknowledged within its consumer timeout. They
 * come again, beside the handlers that still run: https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
 */
export class AckTimeoutError extends WarrenError {
  readonly code = 'ACK_TIMEOUT';

  constructor(
    readonly queue: string,
    readonly replyText: string,
  ) {
    super(
      `The broker took back what it had delivered from the queue "${queue}": ${replyText}. Give its tasks a timeout below the broker's consumer_timeout, or raise that.`,
    );
  }
}
