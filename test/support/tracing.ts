import { context, propagation, type SpanContext, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** Spans of this process, as an application with an SDK has them. */
export interface Tracing {
  /** Those of one trace, or all, in the order in which they began. */
  spans(traceId?: string): readonly ReadableSpan[];
  /** The only span of this name. */
  span(name: string): ReadableSpan;
  stop(): Promise<void>;
}

export function startTracing(sampler?: Sampler): Tracing {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(sampler === undefined ? {} : { sampler }),
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const spans = (traceId?: string) =>
    exporter
      .getFinishedSpans()
      .filter((span) => traceId === undefined || span.spanContext().traceId === traceId)
      .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]);
  return {
    spans,
    span: (name) => {
      const found = spans().filter((span) => span.name === name);
      if (found.length !== 1 || found[0] === undefined) {
        throw new Error(`${found.length} spans are named "${name}"; there are: ${spans().map((span) => span.name)}`);
      }
      return found[0];
    },
    stop: async () => {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

/**
 * Spans as lines, a child below its parent and further in: `process emails !Error <- process emails#1`. What failed has
 * its error behind it, what links to others names them; spans of one name are numbered.
 */
export function spanTree(spans: readonly ReadableSpan[]): readonly string[] {
  const names = new Map<string, string>();
  const seen = new Map<string, number>();
  for (const span of spans) {
    const number = (seen.get(span.name) ?? 0) + 1;
    seen.set(span.name, number);
    names.set(span.spanContext().spanId, number === 1 ? span.name : `${span.name} #${number}`);
  }
  const named = ({ spanId }: SpanContext): string => names.get(spanId) ?? 'elsewhere';
  const lines = (parent: string | undefined, depth: number): readonly string[] =>
    spans
      .filter(
        (span) =>
          (names.has(span.parentSpanContext?.spanId ?? '') ? span.parentSpanContext?.spanId : undefined) === parent,
      )
      .flatMap((span) => {
        const error = span.attributes['error.type'];
        const links = span.links.map((link) => named(link.context)).join(', ');
        const line = `${'  '.repeat(depth)}${named(span.spanContext())}${error === undefined ? '' : ` !${String(error)}`}`;
        return [links === '' ? line : `${line} <- ${links}`, ...lines(span.spanContext().spanId, depth + 1)];
      });
  return lines(undefined, 0);
}
