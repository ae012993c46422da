import * as api from '@opentelemetry/api';
import { readEnvelope } from '../../../src/message/envelope';
import type { MessageHeaders } from '../../../src/message/wire';
import { OpenTelemetryTracer } from '../../../src/telemetry/traces/open-telemetry-tracer';
import { startTracing, type Tracing } from '../../support/tracing';
import { incomingMessage } from '../support/incoming-message';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SENT = 'b7ad6b7169203331';
const LAST = '00f067aa0ba902b7';
const traced = { traceparent: `00-${TRACE}-${SENT}-01`, 'warren-last-span': `00-${TRACE}-${LAST}-01` };

let tracing: Tracing;
beforeEach(() => {
  tracing = startTracing();
});
afterEach(() => tracing.stop());

const tracer = (): OpenTelemetryTracer => new OpenTelemetryTracer(api, () => 'amqp://rabbit-1:5673/shop');

/** A delivery that is settled without being run, since workers died over it. */
function settle(
  headers: MessageHeaders | undefined,
  settlement: Parameters<ReturnType<OpenTelemetryTracer['attempt']>['settle']>[0],
) {
  const message = incomingMessage({ messageId: 'id-1', headers });
  const delivery = { message, envelope: readEnvelope(message), id: 'id-1', queue: 'emails', definition: undefined };
  const trace = tracer().attempt(delivery, false).settle(settlement);
  trace.end?.();
  return trace.headers;
}

it('a task that is isolated has a settlement and no attempt, linked to the attempt before, and its copy links to that', () => {
  const copied = settle(traced, { kind: 'isolate', crashes: 2 });
  const span = tracing.span('isolate emails');
  expect(span.parentSpanContext?.spanId).toBe(SENT);
  expect(span.links.map(({ context }) => context.spanId)).toEqual([LAST]);
  expect(span.attributes).toMatchObject({ 'warren.crashes': 2, 'server.address': 'rabbit-1', 'server.port': 5673 });
  expect(copied).toEqual({ 'warren-last-span': `00-${TRACE}-${span.spanContext().spanId}-01` });
});

it('a crash loop is given up in the trace of its task', () => {
  settle(traced, { kind: 'dead-letter', reason: 'crash-loop' });
  const span = tracing.span('dead-letter emails');
  expect(span.spanContext().traceId).toBe(TRACE);
  expect(span.attributes).toMatchObject({ 'warren.reason': 'crash-loop' });
});

it('begins a trace where the message has none', () => {
  const copied = settle(undefined, { kind: 'isolate', crashes: 2 });
  const { traceId, spanId } = tracing.span('isolate emails').spanContext();
  expect(copied).toMatchObject({ traceparent: `00-${traceId}-${spanId}-01` });
});

it('keeps a creation context that the sender made itself, and links to it', () => {
  const message = { exchange: '', routingKey: 'emails', body: Buffer.from('1'), properties: { headers: traced } };
  const trace = tracer().send({ task: 'emails.send', queue: 'emails', delayMs: 0, message });
  trace.end?.();
  const span = tracing.span('send emails');
  expect(trace.headers).toBeUndefined();
  expect(span.kind).toBe(api.SpanKind.CLIENT);
  expect(span.links.map(({ context }) => context.spanId)).toEqual([SENT]);
});

it('survives whatever a sender writes into these headers, and whatever a handler throws', () => {
  const hostile = { traceparent: 7, tracestate: { a: 1 }, 'warren-last-span': 'x'.repeat(10_000) } as MessageHeaders;
  const message = incomingMessage({ headers: hostile });
  const envelope = readEnvelope(message);
  const attempt = tracer().attempt({ message, envelope, id: 'id-1', queue: 'emails', definition: undefined }, true);
  const thrown: unknown = new Proxy(
    {},
    {
      get: () => {
        throw new Error('a trap');
      },
    },
  );
  attempt.end({ kind: 'failed', error: thrown });
  attempt.settle({ kind: 'requeue' }).end?.({ error: undefined });
  expect(tracing.spans().map(({ name }) => name)).toEqual(['process emails', 'requeue emails']);
});
