import type { QueueState } from '../broker/broker';
import type { EventListener, EventName } from './task-events';
import type { TaskTracer } from './tracer';

/** What can be listened to. */
export interface TelemetryEvents {
  on<E extends EventName>(event: E, listener: EventListener<E>): () => void;
}

/** One queue that this process runs tasks of, now. */
export interface QueueSlots {
  readonly queue: string;
  /** Attempts that may run at the same time. */
  readonly slots: number;
  readonly running: number;
  /** What the attempts that run now have taken so far, all together, in milliseconds. */
  readonly runningMs: number;
}

/** What a telemetry is told about the app that it looks at. All of it may be asked for at once, inside of `observe`. */
export interface ObservedApp {
  readonly events: TelemetryEvents;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The broker's address without credentials: `amqp://host:5672/`. */
  readonly address: () => string;
  /** The home queues of its tasks. */
  readonly queues: readonly string[];
  /** The queues whose tasks it runs; empty before it is started. */
  readonly slots: () => readonly QueueSlots[];
  readonly tasks: readonly { readonly name: string; readonly queue: string }[];
  /** Looks at a queue; rejects while that is not possible. */
  readonly queueState: (queue: string) => Promise<QueueState | undefined>;
}

/** What a telemetry shows over HTTP. */
export interface TelemetryPage {
  readonly path: string;
  readonly answer: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** What a telemetry adds to one app. */
export interface AppTelemetry {
  readonly tracer: TaskTracer | undefined;
  readonly pages: readonly TelemetryPage[];
  /** The app starts: from now on it is counted and read. @throws ConfigurationError */
  start?(): void;
  /** The app has stopped: nothing of it is read any more. */
  stop(): void;
}

/** Traces and metrics of an app. Made by `telemetry()` of `warren/telemetry`. */
export interface Telemetry {
  /** Called by Warren, once for each app, while it is made. */
  observe(app: ObservedApp): AppTelemetry;
}
