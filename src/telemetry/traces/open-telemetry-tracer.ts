import type { Context, Span } from '@opentelemetry/api';
import type {
  AttemptTrace,
  SendTrace,
  TaskTracer,
  TracedDelivery,
  TracedReplay,
  TracedSend,
} from '../../events/tracer';
import { HEADER, integerHeader, textHeader } from '../../message/headers';
import { type Operation, processAttributes, replayAttributes, sendAttributes } from './attributes';
import type { OpenTelemetryApi } from './open-telemetry-api';
import { OpenTelemetryAttempt } from './open-telemetry-attempt';
import { soleUnsampled } from './sole-traceparent';
import { lastSpanOf, linksTo, remoteSpan, Spans } from './spans';
import { UnsampledParents } from './unsampled-parents';
import { UnseenAttempt } from './unseen-attempt';

const MAX_REPLAYS_TOLD = 1_000_000;
const SEND: Operation = { name: 'send', type: 'send' };
const REPLAY: Operation = { name: 'replay', type: 'send' };
const PROCESS: Operation = { name: 'process', type: 'process' };

/**
 * One task is one trace. The span that enqueued it, its creation context, travels in `traceparent` through all copies and
 * is the parent of every attempt; each attempt links to the one before it, whose span travels in a header of Warren's own.
 */
export class OpenTelemetryTracer implements TaskTracer {
  readonly #spans: Spans;
  readonly #unsampled = new UnsampledParents();

  constructor(
    private readonly api: OpenTelemetryApi,
    address: () => string,
  ) {
    this.#spans = new Spans(api, address);
  }

  send(send: TracedSend): SendTrace {
    const { context, ROOT_CONTEXT, SpanKind } = this.api;
    const parent = send.isRoot === true ? ROOT_CONTEXT : context.active();
    // A creation context that the sender made itself stays what it is.
    const given = textHeader(send.message.properties.headers, 'traceparent');
    const links = linksTo(remoteSpan(given));
    const kind = given === undefined ? SpanKind.PRODUCER : SpanKind.CLIENT;
    const span = this.#spans.start(SEND, send.queue, kind, links, parent, () => sendAttributes(send));
    const headers = given === undefined ? this.#spans.inject(this.#spans.withSpan(parent, span)) : undefined;
    return this.#spans.sending(span, headers);
  }

  /** Part of the task's own story where it has one; whoever replays it is linked. */
  replay(replay: TracedReplay): SendTrace {
    const spans = this.#spans;
    const { headers } = replay.letter.properties;
    const active = this.api.context.active();
    const creation = spans.extract(headers);
    const hasStory = spans.spanContext(creation) !== undefined;
    const replays = integerHeader(replay.message.properties.headers, HEADER.replays, 0, MAX_REPLAYS_TOLD) ?? 1;
    const links = [...linksTo(lastSpanOf(headers)), ...(hasStory ? linksTo(spans.spanContext(active)) : [])];
    const parent = hasStory ? creation : active;
    const { PRODUCER } = this.api.SpanKind;
    const span = spans.start(REPLAY, replay.queue, PRODUCER, links, parent, () => replayAttributes(replay, replays));
    const begun = hasStory ? {} : spans.inject(spans.withSpan(active, span));
    return spans.sending(span, { ...begun, ...spans.lastSpanHeader(span) });
  }

  attempt(delivery: TracedDelivery, isRun: boolean): AttemptTrace {
    const { headers } = delivery.message.properties;
    const unsampled = isRun && headers !== undefined ? soleUnsampled(headers) : undefined;
    if (unsampled !== undefined && !this.#unsampled.isAsked) {
      this.#unsampled.declined();
      return new UnseenAttempt(this.api, unsampled);
    }
    const creation = this.#spans.extract(headers);
    if (!isRun) return new OpenTelemetryAttempt(this.#spans, delivery, creation, undefined);
    const span = this.#startAttempt(delivery, creation);
    if (unsampled !== undefined && this.#spans.readsTraceparent) this.#unsampled.answered(span.isRecording());
    return new OpenTelemetryAttempt(this.#spans, delivery, creation, span);
  }

  #startAttempt(delivery: TracedDelivery, creation: Context): Span {
    const links = linksTo(lastSpanOf(delivery.message.properties.headers));
    const { CONSUMER } = this.api.SpanKind;
    return this.#spans.start(PROCESS, delivery.queue, CONSUMER, links, creation, () => processAttributes(delivery));
  }
}
