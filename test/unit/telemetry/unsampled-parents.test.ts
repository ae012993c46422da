import * as api from '@opentelemetry/api';
import { AlwaysOnSampler, ParentBasedSampler, type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace-base';
import { readEnvelope } from '../../../src/message/envelope';
import type { MessageHeaders } from '../../../src/message/wire';
import { COMPLETED } from '../../../src/settlement/outcome';
import { OpenTelemetryTracer } from '../../../src/telemetry/traces/open-telemetry-tracer';
import { startTracing, type Tracing } from '../../support/tracing';
import { incomingMessage } from '../support/incoming-message';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const UNSAMPLED = { traceparent: `00-${TRACE}-b7ad6b7169203331-00` };
const SAMPLED = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };

let tracing: Tracing | undefined;
afterEach(() => tracing?.stop());

/** A sampler that says what another says, and counts how often it is asked. */
function asked(sampler: Sampler) {
  const counted = { times: 0, sampler: undefined as unknown as Sampler };
  counted.sampler = {
    shouldSample: (...question) => {
      counted.times++;
      return sampler.shouldSample(...question);
    },
    toString: () => sampler.toString(),
  };
  return counted;
}

/** Runs an attempt; @returns what its handler sees. */
function run(tracer: OpenTelemetryTracer, headers: MessageHeaders) {
  const message = incomingMessage({ messageId: 'id-1', headers });
  const delivery = { message, envelope: readEnvelope(message), id: 'id-1', queue: 'emails', definition: undefined };
  const attempt = tracer.attempt(delivery, true);
  const active = attempt.run(() => api.trace.getSpanContext(api.context.active()));
  attempt.end(COMPLETED);
  expect(attempt.settle({ kind: 'ack' }).headers).toBeUndefined();
  expect(attempt.traceId).toBe(TRACE);
  return active;
}

const newTracer = () => new OpenTelemetryTracer(api, () => 'amqp://rabbit-1:5673/shop');

it('asks a sampler that follows unsampled parents about one attempt in a thousand, after a thousand', () => {
  const sampler = asked(new ParentBasedSampler({ root: new AlwaysOnSampler() }));
  tracing = startTracing(sampler.sampler);
  const tracer = newTracer();
  for (let i = 0; i < 10_000; i++) {
    expect(run(tracer, UNSAMPLED)).toMatchObject({ traceId: TRACE, traceFlags: 0 });
  }
  expect(sampler.times).toBe(1_009);
  expect(tracing.spans()).toEqual([]);
});

it('still traces each attempt whose sender was sampled', () => {
  tracing = startTracing(new ParentBasedSampler({ root: new AlwaysOnSampler() }));
  const tracer = newTracer();
  for (let i = 0; i < 1_500; i++) run(tracer, UNSAMPLED);
  const message = incomingMessage({ messageId: 'id-1', headers: SAMPLED });
  const delivery = { message, envelope: readEnvelope(message), id: 'id-1', queue: 'emails', definition: undefined };
  tracer.attempt(delivery, true).end(COMPLETED);
  expect(tracing.span('process emails').parentSpanContext).toMatchObject({
    spanId: 'b7ad6b7169203331',
    isRemote: true,
  });
});

it('always asks a sampler that has agreed once', () => {
  let times = 0;
  const afterFifty: Sampler = {
    shouldSample: () => ({
      decision: ++times <= 50 ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD,
    }),
    toString: () => 'after fifty',
  };
  tracing = startTracing(afterFifty);
  const tracer = newTracer();
  for (let i = 0; i < 4_000; i++) run(tracer, UNSAMPLED);
  expect(times).toBe(4_000);
});

it('reads a context only as the propagator of the application does', () => {
  tracing = startTracing();
  api.propagation.disable();
  api.propagation.setGlobalPropagator({
    inject: () => undefined,
    extract: (context) => context,
    fields: () => ['b3'],
  });
  const message = incomingMessage({ messageId: 'id-1', headers: SAMPLED });
  const delivery = { message, envelope: readEnvelope(message), id: 'id-1', queue: 'emails', definition: undefined };
  newTracer().attempt(delivery, true).end(COMPLETED);
  expect(tracing.span('process emails').parentSpanContext).toBeUndefined();
});

describe('an attempt that the sampler is not asked about', () => {
  let tracer: OpenTelemetryTracer;
  beforeEach(() => {
    tracing = startTracing(new ParentBasedSampler({ root: new AlwaysOnSampler() }));
    tracer = newTracer();
    for (let i = 0; i < 1_001; i++) run(tracer, UNSAMPLED);
  });

  const attemptOf = (headers: MessageHeaders) => {
    const message = incomingMessage({ messageId: 'id-1', headers });
    const delivery = { message, envelope: readEnvelope(message), id: 'id-1', queue: 'emails', definition: undefined };
    return tracer.attempt(delivery, true);
  };

  it('has nothing recorded of what its handler traces', () => {
    attemptOf(UNSAMPLED).run(() => {
      const span = api.trace.getTracer('handler').startSpan('query');
      expect(span.spanContext()).toMatchObject({ traceId: TRACE, traceFlags: 0 });
      span.end();
    });
    expect(tracing?.spans()).toEqual([]);
  });

  it('gives its handler a context like any other', () => {
    const key = api.createContextKey('mine');
    attemptOf(UNSAMPLED).run(() => {
      const mine = api.context.active().setValue(key, 'value');
      expect(mine.getValue(key)).toBe('value');
      expect(api.trace.getSpanContext(mine)).toMatchObject({ traceId: TRACE, isRemote: true });
      expect(mine.deleteValue(key).getValue(key)).toBeUndefined();
      const without = api.trace.deleteSpan(api.context.active());
      expect(api.trace.getSpanContext(without)).toBeUndefined();
      expect(api.context.active().getValue(key)).toBeUndefined();
    });
  });

  it.each([
    ['that is none', { traceparent: `00-${TRACE}-b7ad6b716920333g-00` }],
    ['whose trace is all zeros', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-00` }],
    ['whose span is all zeros', { traceparent: `00-${TRACE}-${'0'.repeat(16)}-00` }],
    ['of characters beyond ASCII', { traceparent: `00-${TRACE.slice(1)}é-b7ad6b7169203331-00` }],
  ])('is never one with a traceparent %s: its story begins with it', (_, headers) => {
    attemptOf(headers).end(COMPLETED);
    expect(tracing?.span('process emails').parentSpanContext).toBeUndefined();
  });
});

it('asks about each attempt that comes with more than a traceparent', () => {
  const sampler = asked(new ParentBasedSampler({ root: new AlwaysOnSampler() }));
  tracing = startTracing(sampler.sampler);
  const tracer = newTracer();
  for (let i = 0; i < 1_500; i++) run(tracer, { ...UNSAMPLED, tracestate: 'vendor=1' });
  expect(sampler.times).toBe(1_500);
});
