import type { Context } from '@opentelemetry/api';
import type { AttemptTrace, SendTrace } from '../../events/tracer';
import { traceIdOfTraceparent } from '../../message/trace-context';
import type { OpenTelemetryApi } from './open-telemetry-api';
import { remoteSpan } from './spans';

/** The trace of a send that adds no headers and records no span. */
export const UNTOLD: SendTrace = Object.freeze({ headers: undefined, end: undefined });

/**
 * An attempt of which nobody will see anything, as nearly all are where few traces are sampled. What its handler traces is a
 * child of the span that enqueued the task, and so is not sampled either. Made for nearly every message: nothing is done
 * before somebody asks.
 */
export class UnseenAttempt implements AttemptTrace {
  /** @param traceparent - a valid one, of a span that is not sampled. */
  constructor(
    private readonly api: OpenTelemetryApi,
    private readonly traceparent: string,
  ) {}

  get traceId(): string {
    return traceIdOfTraceparent(this.traceparent);
  }

  run<T>(work: () => T): T {
    return this.api.context.with(new RemoteContext(this.api, this.traceparent), work);
  }

  end(): void {}

  settle(): SendTrace {
    return UNTOLD;
  }
}

/** The root context with a span of another process, which is read when somebody asks for it: few handlers do. */
class RemoteContext implements Context {
  #read: Context | undefined;

  constructor(
    private readonly api: OpenTelemetryApi,
    private readonly traceparent: string,
  ) {}

  getValue(key: symbol): unknown {
    return this.#context.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#context.setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#context.deleteValue(key);
  }

  get #context(): Context {
    this.#read ??= this.#remoteContext();
    return this.#read;
  }

  #remoteContext(): Context {
    const { trace, ROOT_CONTEXT } = this.api;
    const span = remoteSpan(this.traceparent);
    return span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
  }
}
