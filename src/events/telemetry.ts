import type { TaskTracer } from './tracer';

/** What a telemetry is told about the app that it looks at. */
export interface ObservedApp {
  /** The broker's address without credentials: `amqp://host:5672/`. */
  readonly address: () => string;
}

/** What a telemetry adds to one app. */
export interface AppTelemetry {
  readonly tracer: TaskTracer | undefined;
}

/** Traces and metrics of an app. Made by `telemetry()` of `warren/telemetry`. */
export interface Telemetry {
  /** @internal Called once for each app, while it is made. */
  observe(app: ObservedApp): AppTelemetry;
}
