import type { Context, Link, Span, SpanContext, SpanKind, Tracer } from '@opentelemetry/api';
import type { SendTrace, TraceHeaders } from '../../events/tracer';
import { HEADER, textHeader } from '../../message/headers';
import { parseTraceparent } from '../../message/trace-context';
import type { MessageHeaders } from '../../message/wire';
import { type Attributes, type Operation, operationAttributes, serverAttributes } from './attributes';
import type { OpenTelemetryApi } from './open-telemetry-api';
import { fail } from './record-failure';
import { soleTraceparent, TRACEPARENT } from './sole-traceparent';

const MAX_HEADER_LENGTH = 8_192;

/** Makes the spans of one app, and carries their contexts in and out of messages. */
export class Spans {
  readonly #tracer: Tracer;
  /** What spans of one kind are made with, by operation and queue, for one address. */
  readonly #shapes = new Map<string, Map<string, Shape>>();
  #address: string | undefined;

  constructor(
    readonly api: OpenTelemetryApi,
    private readonly address: () => string,
  ) {
    // A proxy: an SDK that is registered later serves it from then on.
    this.#tracer = api.trace.getTracer('warren');
  }

  /** @param describe - the attributes of this very message; asked for only when the span is recorded: few are. */
  start(
    operation: Operation,
    queue: string,
    kind: SpanKind,
    links: readonly Link[],
    parent: Context,
    describe: () => Attributes,
  ) {
    const { name, attributes } = this.#shape(operation, queue);
    const span = this.#tracer.startSpan(name, { kind, attributes, links: links as Link[] }, parent);
    if (span.isRecording()) span.setAttributes(describe());
    return span;
  }

  /** The trace of a message that is being published. */
  sending(span: Span, headers: TraceHeaders | undefined): SendTrace {
    if (!span.isRecording()) return { headers, end: undefined };
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
    const { propagation, trace, ROOT_CONTEXT } = this.api;
    if (headers === undefined) return ROOT_CONTEXT;
    const sole = remoteSpan(soleTraceparent(headers));
    return sole !== undefined && this.readsTraceparent
      ? trace.setSpanContext(ROOT_CONTEXT, sole)
      : propagation.extract(ROOT_CONTEXT, headers, TEXT_HEADERS);
  }

  /** Whether the application's propagator does. */
  get readsTraceparent(): boolean {
    return this.api.propagation.fields().includes(TRACEPARENT);
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

  isSampled({ traceFlags }: SpanContext): boolean {
    return (traceFlags & this.api.TraceFlags.SAMPLED) !== 0;
  }

  /** What lets the next attempt link to this span. Nobody could follow a link to one that is not sampled. */
  lastSpanHeader(span: Span): TraceHeaders {
    const context = span.spanContext();
    if (!this.isSampled(context)) return {};
    const { traceId, spanId } = context;
    return { [HEADER.lastSpan]: `00-${traceId}-${spanId}-01` };
  }

  #shape(operation: Operation, queue: string): Shape {
    const address = this.address();
    // Another host of the cluster, after a reconnect.
    if (address !== this.#address) this.#shapes.clear();
    this.#address = address;
    const shapes = this.#shapes.get(operation.name) ?? new Map<string, Shape>();
    this.#shapes.set(operation.name, shapes);
    const existing = shapes.get(queue);
    if (existing !== undefined) return existing;
    const attributes = { ...operationAttributes(operation, queue), ...serverAttributes(address) };
    const shape = { name: `${operation.name} ${queue}`, attributes };
    shapes.set(queue, shape);
    return shape;
  }
}

interface Shape {
  readonly name: string;
  readonly attributes: Attributes;
}

/** A sender can put anything into headers; a propagator expects texts. */
const TEXT_HEADERS = {
  get: (headers: MessageHeaders, name: string) => textHeader(headers, name, MAX_HEADER_LENGTH),
  keys: (headers: MessageHeaders) => Object.keys(headers),
};

export const linksTo = (span: SpanContext | undefined): readonly Link[] =>
  span === undefined ? NO_LINKS : [{ context: span }];

const NO_LINKS: readonly Link[] = Object.freeze([]);

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
