import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

const began = ({ startTime: [seconds, nanos] }: ReadableSpan): number => seconds * 1_000 + nanos / 1e6;
const took = ({ duration: [seconds, nanos] }: ReadableSpan): string =>
  `${(seconds * 1_000 + nanos / 1e6).toFixed(1).padStart(8)} ms`;

/** Spans below their parents, in the order in which they began. */
export function printSpans(spans: readonly ReadableSpan[]): void {
  const ordered = [...spans].sort((a, b) => began(a) - began(b));
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const print = (parent: string | undefined, depth: number): void => {
    for (const span of ordered) {
      const own = span.parentSpanContext?.spanId;
      if ((own !== undefined && ids.has(own) ? own : undefined) !== parent) continue;
      const { 'warren.attempt': attempt, 'error.type': error } = span.attributes;
      const notes = [
        ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
        ...(error === undefined ? [] : [String(error)]),
        ...(span.links.length === 0 ? [] : [`linked to ${span.links.length}`]),
      ];
      const name = `${'  '.repeat(depth)}${span.name}`;
      console.log(`${took(span)}  ${name}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`);
      print(span.spanContext().spanId, depth + 1);
    }
  };
  print(undefined, 0);
}

/** What was counted, without what is 0 and without the buckets of histograms. */
export function printMetrics(text: string): void {
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#') || line.includes('_bucket') || line.endsWith(' 0')) continue;
    console.log(line);
  }
}
