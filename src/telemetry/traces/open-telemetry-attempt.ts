import type { Context, Span } from '@opentelemetry/api';
import type { AttemptTrace, SendTrace, TracedDelivery, TracedSettlement, TraceHeaders } from '../../events/tracer';
import type { TaskOutcome } from '../../settlement/outcome';
import { ATTRIBUTE, failureOf, settleAttributes, settlementName } from './attributes';
import { fail } from './record-failure';
import { lastSpanOf, linksTo, type Spans } from './spans';
import { UNTOLD } from './unseen-attempt';

/** One attempt's span, and that of its settlement, which is its child. */
export class OpenTelemetryAttempt implements AttemptTrace {
  readonly #context: Context;

  /** @param span - `undefined` for a delivery that is settled without being run. */
  constructor(
    private readonly spans: Spans,
    private readonly delivery: TracedDelivery,
    private readonly creation: Context,
    private readonly span: Span | undefined,
  ) {
    this.#context = span === undefined ? creation : spans.withSpan(creation, span);
  }

  get traceId(): string | undefined {
    return this.spans.spanContext(this.#context)?.traceId;
  }

  run<T>(work: () => T): T {
    return this.spans.api.context.with(this.#context, work);
  }

  end(outcome: TaskOutcome): void {
    const { span } = this;
    if (span === undefined) return;
    if (span.isRecording()) {
      span.setAttribute(ATTRIBUTE.outcome, outcome.kind);
      const failure = failureOf(outcome);
      if (failure !== undefined) fail(this.spans.api, span, failure);
    }
    span.end();
  }

  settle(settlement: TracedSettlement): SendTrace {
    const { span, spans } = this;
    // It has ended and records no more; whether it was sampled is what counts.
    if (span !== undefined && !spans.isSampled(span.spanContext())) {
      const headers = this.#begun(span);
      return headers === undefined ? UNTOLD : { ...UNTOLD, headers };
    }
    const settling = spans.start(
      { name: settlementName(settlement), type: 'settle' },
      this.delivery.queue,
      spans.api.SpanKind.CLIENT,
      span === undefined ? linksTo(lastSpanOf(this.delivery.message.properties.headers)) : [],
      this.#context,
      () => settleAttributes(this.delivery, settlement),
    );
    const last = span ?? settling;
    return spans.sending(settling, { ...this.#begun(last), ...spans.lastSpanHeader(last) });
  }

  /** A copy goes on with its creation context. Where it has none, as a message of others, its story begins with this attempt. */
  #begun(span: Span): TraceHeaders | undefined {
    if (this.spans.spanContext(this.creation) !== undefined) return undefined;
    return this.spans.inject(this.spans.withSpan(this.creation, span));
  }
}
