import type { Context, Link, Span, SpanContext, SpanKind, Tracer } from '@opentelemetry/api';
import type { SendTrace, TraceHeaders } from '../../events/tracer';
import { HEADER, textHeader } from '../../message/headers';
import { parseTraceparent } from '../../message/trace-context';
import type { MessageHeaders } from '../../message/wire';
import { type Attributes, serverAttributes } from './attributes';
import type { OpenTelemetryApi } from './open-telemetry-api';
import { fail } from './record-failure';

const MAX_HEADER_LENGTH = 8_192;

/** Makes the spans of one app, and carries their contexts in and out of messages. */
export class Spans {
  readonly #tracer: Tracer;
  #server: { readonly address: string; readonly attributes: Attributes } | undefined;

  constructor(
    readonly api: OpenTelemetryApi,
    private readonly address: () => string,
  ) {
    // A proxy: an SDK that is registered later serves it from then on.
    this.#tracer = api.trace.getTracer('warren');
  }

  start(name: string, kind: SpanKind, attributes: Attributes, links: Link[], parent: Context): Span {
    return this.#tracer.startSpan(name, { kind, attributes: this.#withServer(attributes), links }, parent);
  }

  /** The trace of a message that is being published. */
  sending(span: Span, headers: TraceHeaders | undefined): SendTrace {
    return {
      headers,
      end: (failure) => {
        if (failure !== undefined) fail(this.api, span, failure);
        span.end();
      },
    };
  }

  /** The context that a message came with. It begins at the root: what runs a delivery is nobody's child in this process. */
  extract(headers: MessageHeaders | undefined): Context {
    const { propagation, ROOT_CONTEXT } = this.api;
    return headers === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, headers, TEXT_HEADERS);
  }

  inject(context: Context): TraceHeaders {
    const headers: Record<string, string> = {};
    this.api.propagation.inject(context, headers);
    return headers;
  }

  withSpan(context: Context, span: Span): Context {
    return this.api.trace.setSpan(context, span);
  }

  spanContext(context: Context): SpanContext | undefined {
    return this.api.trace.getSpanContext(context);
  }

  isSampled(span: Span): boolean {
    return (span.spanContext().traceFlags & this.api.TraceFlags.SAMPLED) !== 0;
  }

  /** What lets the next attempt link to this span. Nobody could follow a link to one that is not sampled. */
  lastSpanHeader(span: Span): TraceHeaders {
    if (!this.isSampled(span)) return {};
    const { traceId, spanId } = span.spanContext();
    return { [HEADER.lastSpan]: `00-${traceId}-${spanId}-01` };
  }

  #withServer(attributes: Attributes): Attributes {
    const address = this.address();
    if (this.#server?.address !== address) this.#server = { address, attributes: serverAttributes(address) };
    return Object.assign(attributes, this.#server.attributes);
  }
}

/** A sender can put anything into headers; a propagator expects texts. */
const TEXT_HEADERS = {
  get: (headers: MessageHeaders, name: string) => textHeader(headers, name, MAX_HEADER_LENGTH),
  keys: (headers: MessageHeaders) => Object.keys(headers),
};

export const linksTo = (span: SpanContext | undefined): Link[] => (span === undefined ? [] : [{ context: span }]);

/** The attempt before, as its copy tells it. */
export function lastSpanOf(headers: MessageHeaders | undefined): SpanContext | undefined {
  return headers === undefined ? undefined : remoteSpan(textHeader(headers, HEADER.lastSpan));
}

/** A span of another process, as a `traceparent` names it. */
export function remoteSpan(traceparent: string | undefined): SpanContext | undefined {
  const parsed = parseTraceparent(traceparent);
  if (parsed === undefined) return undefined;
  return { traceId: parsed.traceId, spanId: parsed.spanId, traceFlags: parsed.isSampled ? 1 : 0, isRemote: true };
}
