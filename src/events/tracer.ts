import type { Envelope } from '../message/envelope';
import type { IncomingMessage, MessageHeaders, OutgoingMessage } from '../message/wire';
import type { Settlement, TaskOutcome } from '../settlement/outcome';
import type { TaskDefinition } from '../task/definition';

/** Headers that carry a trace on: `traceparent`, `tracestate`, and what else the application's propagator writes. */
export type TraceHeaders = Readonly<Record<string, string | undefined>>;

/** A task on its way to its queue. */
export interface TracedSend {
  readonly task: string;
  readonly queue: string;
  readonly delayMs: number;
  readonly message: OutgoingMessage;
  /** Nobody's doing but a clock's: whatever is active is not its cause. @defaultValue `false` */
  readonly isRoot?: boolean;
}

/** A dead letter on its way back to work. */
export interface TracedReplay {
  readonly queue: string;
  readonly letter: IncomingMessage;
  readonly message: OutgoingMessage;
}

/** A delivery of which something is made: an attempt, or a settlement without one. */
export interface TracedDelivery {
  readonly message: IncomingMessage;
  readonly envelope: Envelope;
  readonly id: string;
  readonly queue: string;
  readonly definition: TaskDefinition | undefined;
}

/** What is done with a delivery. `isolate`: it goes to the queue of suspects. */
export type TracedSettlement = Settlement | { readonly kind: 'isolate'; readonly crashes: number };

/**
 * Follows tasks from process to process. `warren/telemetry` implements it; where there is none, nothing is done for it.
 * No method may throw.
 */
export interface TaskTracer {
  /** Begins when a task is about to be published. */
  send(send: TracedSend): SendTrace;
  /** Begins when a dead letter is about to be published again. */
  replay(replay: TracedReplay): SendTrace;
  /** Begins when a delivery is taken up; with `isRun: false`, it is settled without being run. */
  attempt(delivery: TracedDelivery, isRun: boolean): AttemptTrace;
}

export interface SendTrace {
  /** What the message carries along, beside its own headers; `undefined`: nothing. */
  readonly headers: TraceHeaders | undefined;
  /** The broker has confirmed, or it failed. `undefined` where nobody is told, as of most messages where few traces are sampled. */
  readonly end: ((failure?: { readonly error: unknown }) => void) | undefined;
}

export interface AttemptTrace {
  /** 32 hexadecimal digits, or `undefined` where there is no trace. */
  readonly traceId: string | undefined;
  /** Calls the handler: what it traces and logs belongs to this attempt. */
  run<T>(work: () => T): T;
  /** The handler has ended. */
  end(outcome: TaskOutcome): void;
  /** Begins when a delivery is about to be settled. */
  settle(settlement: TracedSettlement): SendTrace;
}

/** A message with what its trace adds to its headers. */
export function withTraceHeaders(message: OutgoingMessage, trace: TraceHeaders | undefined): OutgoingMessage {
  if (trace === undefined) return message;
  const { exchange, routingKey, body, properties } = message;
  const headers: MessageHeaders = properties.headers === undefined ? trace : { ...properties.headers, ...trace };
  // Spelled out, but for the properties: for every message, and each spread costs a tenth of a microsecond and more.
  return { exchange, routingKey, body, properties: { ...properties, headers } };
}
