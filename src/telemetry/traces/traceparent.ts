import type { SpanContext } from '@opentelemetry/api';

/** Version 00 and what begins like it, as the W3C has later versions read: https://www.w3.org/TR/trace-context/#versioning-of-traceparent */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** Reads a W3C `traceparent`; `undefined` where it is none. */
export function parseTraceparent(header: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
