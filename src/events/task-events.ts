import type { ConnectionState, SubscriptionState } from '../broker/broker';
import type { ThrownDescription } from '../errors/describe-thrown';
import type { PayloadProblem } from '../errors/enqueue-errors';
import type { DeadLetterReason } from '../settlement/outcome';

/** What every event of a task tells. */
export interface TaskEvent {
  /** The task's name, or `undefined` where the message names none that is known. */
  readonly task: string | undefined;
  readonly id: string;
  readonly queue: string;
  /** 1-based. */
  readonly attempt: number;
  /** The trace that it belongs to, 32 hexadecimal digits; `undefined` where nobody traces it. */
  readonly traceId: string | undefined;
}

export interface TaskEndedEvent extends TaskEvent {
  /** How long the attempt ran, in milliseconds. */
  readonly durationMs: number;
  /**
   * How long ago it was first enqueued, in milliseconds; to the second where its sender writes no more than the property
   * `timestamp`; `undefined` where it does not say.
   */
  readonly sinceEnqueuedMs: number | undefined;
}

/**
 * Two clocks that are compared. `sender`: whoever published the message, which may be a worker with a retry. `worker`: this
 * process.
 */
export type ClockPair = 'worker-sender' | 'worker-broker' | 'sender-broker';

/** Everything that Warren tells while it runs. Events of a task go out after its message was settled. */
export interface WarrenEvents {
  /** The broker has stored a task that this process enqueued. */
  'task:enqueued': Omit<TaskEvent, 'attempt'> & {
    /** How long it waits before it may run, in milliseconds; 0: not at all. */
    readonly delayMs: number;
  };
  /** A task could not be enqueued. For some errors it is unknown whether the task was stored: see the code. */
  'enqueue:failed': {
    readonly task: string;
    readonly queue: string;
    /** `undefined` where it failed before it had one. */
    readonly id: string | undefined;
    readonly error: ThrownDescription;
  };
  /** A handler is about to be called. */
  'task:started': TaskEvent & {
    /**
     * How long it was ready to run before, in milliseconds: since it was enqueued, or since its delay, backoff or replay was
     * over; `undefined` where its sender does not say.
     */
    readonly waitedMs: number | undefined;
  };
  /** A handler succeeded and its message was acknowledged. */
  'task:completed': TaskEndedEvent;
  /** An attempt failed and the next one waits in the broker; or nobody here knows the task, and the attempt keeps its number. */
  'task:retried': TaskEndedEvent & {
    readonly error: ThrownDescription;
    readonly delayMs: number;
    readonly nextAttempt: number;
  };
  /** A handler asked to come back later; the attempt keeps its number. */
  'task:snoozed': TaskEndedEvent & { readonly delayMs: number; readonly reason: string };
  /** A handler found that nothing is left to do. */
  'task:discarded': TaskEndedEvent & { readonly reason: string };
  /** A message was moved to the dead-letter queue. */
  'task:dead-lettered': TaskEndedEvent & {
    readonly reason: DeadLetterReason;
    readonly error: ThrownDescription | undefined;
    readonly problems: readonly PayloadProblem[];
  };
  /** A worker died over this task, or lost its connection, `crashes` times. The next time it runs alone. */
  'task:isolated': TaskEvent & { readonly crashes: number };
  /** A task was given back to the queue because the worker stops; its attempt does not count. */
  'task:interrupted': TaskEndedEvent;
  /** A handler outlived its timeout: the attempt has failed, but the code may still run. */
  'task:timed-out': TaskEvent & { readonly timeoutMs: number };
  /** A handler ignores its timeout: it still runs, `overdueMs` after it. Its attempt is settled; what it returns is ignored. */
  'task:overdue': TaskEvent & { readonly timeoutMs: number; readonly overdueMs: number };
  /** A handler that was overdue has returned after all. */
  'task:overdue-ended': TaskEvent & { readonly overdueMs: number };
  /**
   * The end of an attempt could not be settled: its copy could not be published, or its connection was lost before. The
   * message stays with the broker and comes again; where it comes to this process, the same end settles it without a run.
   */
  'settlement:failed': TaskEvent & { readonly error: ThrownDescription };
  /** The broker has confirmed a message: of a task, a retry, a dead letter or a replay. */
  'publish:confirmed': { readonly durationMs: number };
  /** A message was not confirmed in time, or refused, or returned since no queue wanted it. */
  'publish:failed': { readonly durationMs: number; readonly error: ThrownDescription };
  /** A tick of a schedule was enqueued as a task. Told by the process that leads. */
  'schedule:ticked': {
    readonly schedule: string;
    readonly task: string;
    readonly id: string;
    /** The instant that the tick stands for; milliseconds since 1970. */
    readonly at: number;
    /** Whether somebody asked for it now, beside its times. */
    readonly triggered: boolean;
  };
  /** Ticks were left out: nobody was there to make them (see `catchUp`), or the last run has not ended (see `overlap`). */
  'schedule:skipped': {
    readonly schedule: string;
    readonly reason: 'missed' | 'overlap';
    /** The first tick that was left out; milliseconds since 1970. */
    readonly from: number;
    /** No tick after this was left out. */
    readonly until: number;
  };
  /** A tick could not be enqueued; it is tried again. */
  'schedule:failed': {
    readonly schedule: string;
    readonly task: string;
    readonly id: string;
    readonly error: ThrownDescription;
  };
  /**
   * A schedule is known that the process that leads cannot use: it makes no ticks, and the others go on. `schedules.list`
   * shows it, `schedules.remove` removes one that is stored.
   */
  'schedule:unusable': {
    readonly schedule: string;
    readonly origin: 'code' | 'run-time';
    readonly problem: string;
  };
  /** Living workers give one name to schedules of several tasks; the one that started last counts. */
  'schedule:clashed': { readonly schedule: string; readonly tasks: readonly string[] };
  /** This process makes the ticks of all schedules from now on, or no longer. */
  'schedules:leading': {
    readonly leading: boolean;
    /** The number of this leadership: higher than that of any before it. */
    readonly fence: number;
    /** Why it ended. */
    readonly reason: string | undefined;
  };
  'worker:started': { readonly queues: readonly string[] };
  /**
   * Tasks of this queue may be out for longer than this broker allows by default, and it cannot be told otherwise by its
   * consumers (before RabbitMQ 4.3). `longestMs` is `undefined` where a task has no timeout.
   */
  'worker:ack-timeout': {
    readonly queue: string;
    readonly longestMs: number | undefined;
    readonly brokerDefaultMs: number;
  };
  'worker:paused': { readonly queues: readonly string[] };
  'worker:resumed': { readonly queues: readonly string[] };
  /** No new tasks are taken; running ones have until the deadline. */
  'worker:stopping': { readonly running: number; readonly deadlineMs: number };
  'worker:stopped': { readonly interrupted: number };
  'connection:changed': {
    readonly name: string;
    readonly state: ConnectionState;
    /** The host that this is about, without credentials: `amqp://host:port/vhost`. */
    readonly address: string | undefined;
    readonly error: Error | undefined;
    /** Of one that is connected: whether plain messages take the short way past amqplib. `undefined` on the embedded broker. */
    readonly fastPath: boolean | undefined;
  };
  'subscription:changed': {
    readonly queue: string;
    readonly state: SubscriptionState;
    readonly error: Error | undefined;
  };
  /**
   * The event loop stood still for so many milliseconds: nothing ran, no heartbeat went out. It turns again now. `tasks`
   * are the attempts that ran meanwhile, ten at most: where it is one, its handler blocked, or the process was suspended.
   */
  'loop:blocked': { readonly blockedMs: number; readonly tasks: readonly TaskEvent[] };
  /**
   * Two clocks differ by five seconds or more: the first of `clocks` is ahead of the second by `aheadMs`, or behind where that
   * is negative. A message proves it, so it is the least. Once a minute at most.
   */
  'clock:skewed': { readonly clocks: ClockPair; readonly aheadMs: number };
  /** A listener of yours threw, or what answers a path of the HTTP endpoint, which is the `event` then: `GET /metrics`. */
  'listener:failed': { readonly event: string; readonly error: ThrownDescription };
}

export type EventName = keyof WarrenEvents;
export type EventListener<E extends EventName> = (event: WarrenEvents[E]) => void;
