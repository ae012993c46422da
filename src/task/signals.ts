import type { Duration } from '../time/duration';

/**
 * The base of what a handler throws to say how its attempt ended. These are decisions, not failures: they are not
 * logged as errors. They are told apart by `kind`, so that two copies of Warren in one process understand each other.
 */
export abstract class TaskSignal extends Error {
  abstract readonly kind: 'retry' | 'snooze' | 'discard' | 'fail';
  /** Marks the value for other copies of Warren. */
  readonly warrenSignal = true;

  protected constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

export interface RetryTaskOptions {
  /** When to try again; default: the task's own backoff. */
  readonly after?: Duration;
  /** Why, for the history. */
  readonly reason?: string;
  readonly cause?: unknown;
}

/** Thrown by a handler to try again, at a time of its choice. Counts as an attempt; ends in the dead-letter queue when the budget is spent. */
export class RetryTask extends TaskSignal {
  readonly kind = 'retry';
  readonly after: Duration | undefined;

  constructor(options: RetryTaskOptions = {}) {
    super(options.reason ?? 'the handler asked for a retry', 'cause' in options ? { cause: options.cause } : undefined);
    this.after = options.after;
  }
}

/** Thrown by a handler that is not ready yet: the task comes back after the delay and keeps its attempt. */
export class SnoozeTask extends TaskSignal {
  readonly kind = 'snooze';

  /** @param after - how long to wait: above 0, at most 8.5 years. */
  constructor(
    readonly after: Duration,
    reason = 'the handler is not ready yet',
  ) {
    super(reason);
  }
}

/** Thrown by a handler when there is nothing left to do: the task is done, without a dead letter. */
export class DiscardTask extends TaskSignal {
  readonly kind = 'discard';

  constructor(reason = 'the handler discarded the task') {
    super(reason);
  }
}

/** Thrown by a handler when no retry can help: straight to the dead-letter queue. */
export class FailTask extends TaskSignal {
  readonly kind = 'fail';

  constructor(reason = 'the handler gave up', options?: { readonly cause?: unknown }) {
    super(reason, options);
  }
}

const KINDS: ReadonlySet<unknown> = new Set<TaskSignal['kind']>(['retry', 'snooze', 'discard', 'fail']);

/** Whether a thrown value is a signal of a kind that is known here. Never throws, whatever was thrown. */
export function isTaskSignal(thrown: unknown): thrown is RetryTask | SnoozeTask | DiscardTask | FailTask {
  if (typeof thrown !== 'object' || thrown === null) return false;
  try {
    return Reflect.get(thrown, 'warrenSignal') === true && KINDS.has(Reflect.get(thrown, 'kind'));
  } catch {
    return false;
  }
}
