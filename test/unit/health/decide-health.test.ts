import { ANSWER_WITHIN_MS, decideHealth, STUCK_GRACE_MS, TELL_BLOCK_MS } from '../../../src/health/decide-health';
import type { ConnectionFacts, ConsumerFacts, HealthFacts } from '../../../src/health/health-facts';

const NOW = 1_000_000;
const publishing: ConnectionFacts = {
  name: 'warren:publish',
  state: 'connected',
  since: 0,
  error: undefined,
  roundTrip: { pendingSince: undefined, failure: undefined },
};
const emails: ConsumerFacts = {
  queue: 'emails',
  wanted: true,
  state: 'consuming',
  since: 0,
  error: undefined,
  running: 3,
  overdue: 0,
  concurrency: 10,
  stuckSince: undefined,
  roundTrip: { pendingSince: NOW - 100, failure: undefined },
};
const healthy: HealthFacts = {
  app: 'started',
  connections: [publishing],
  consumers: [emails],
  loopBlock: undefined,
  fastPath: { on: true, reason: undefined },
};

const consumer = (change: Partial<ConsumerFacts>): Partial<HealthFacts> => ({ consumers: [{ ...emails, ...change }] });
const connection = (change: Partial<ConnectionFacts>): Partial<HealthFacts> => ({
  connections: [{ ...publishing, ...change }],
});
const health = (change: Partial<HealthFacts>) => decideHealth({ ...healthy, ...change }, NOW);

it('is live and ready, for no reason, where all is well', () => {
  const result = health({});
  expect(result).toEqual({
    live: true,
    ready: true,
    degraded: false,
    fastPath: { on: true, reason: undefined },
    reasons: [],
    connections: [{ name: 'warren:publish', state: 'connected', healthy: true }],
    consumers: [{ queue: 'emails', state: 'consuming', healthy: true, running: 3, overdue: 0, concurrency: 10 }],
  });
  expect([result, result.reasons, result.connections, result.consumers].every(Object.isFrozen)).toBe(true);
});

describe.each<[string, Partial<HealthFacts>, { live?: boolean; ready?: boolean; degraded?: boolean }, string, RegExp]>([
  ['an app that is made', { app: 'created' }, { ready: false }, 'app-not-started', /is created/],
  ['an app that starts', { app: 'starting' }, { ready: false }, 'app-not-started', /is starting/],
  ['an app that stops', { app: 'stopping' }, { ready: false }, 'app-stopping', /no new tasks/],
  ['an app that has stopped', { app: 'stopped' }, { live: false, ready: false }, 'app-stopped', /does not start again/],
  [
    'a lost connection',
    connection({ state: 'connecting', since: NOW - 2_500, error: 'ECONNREFUSED' }),
    { ready: false },
    'connection-lost',
    /^the connection warren:publish is connecting for 2\.5 s: ECONNREFUSED$/,
  ],
  [
    'a connection that the broker blocks',
    connection({ state: 'blocked', since: NOW - 9_000 }),
    { degraded: true },
    'connection-blocked',
    /for 9\.0 s: it has a memory or disk alarm/,
  ],
  [
    'a connection that is up, and a broker that owes an answer on it',
    connection({ roundTrip: { pendingSince: NOW - ANSWER_WITHIN_MS, failure: undefined } }),
    { ready: false },
    'connection-silent',
    /has not answered for 5\.0 s/,
  ],
  [
    'a consumer that is being built again',
    consumer({ state: 'recovering', since: NOW - 1_000, error: 'the queue was deleted' }),
    { ready: false },
    'not-consuming',
    /^the queue "emails" is not consumed \(recovering for 1\.0 s\): the queue was deleted$/,
  ],
  [
    'a consumer that could not be made',
    consumer({ state: undefined, since: undefined }),
    { ready: false },
    'not-consuming',
    /it has no consumer/,
  ],
  [
    'a consumer that looks well, and a broker that owes an answer',
    consumer({ roundTrip: { pendingSince: NOW - 6_000, failure: undefined } }),
    { ready: false },
    'consumer-silent',
    /"emails", the broker has not answered for 6\.0 s/,
  ],
  [
    'a consumer that looks well, and a broker that knows none',
    consumer({ roundTrip: { pendingSince: undefined, failure: 'The broker knows no consumer' } }),
    { ready: false },
    'consumer-silent',
    /The broker knows no consumer/,
  ],
  [
    'some slots held by handlers past their timeout',
    consumer({ running: 5, overdue: 2 }),
    { degraded: true },
    'slots-stuck',
    /^2 of 10 slots of queue "emails"/,
  ],
  [
    'all slots held by handlers past their timeout',
    consumer({ running: 10, overdue: 10, stuckSince: NOW - STUCK_GRACE_MS + 1 }),
    { ready: false },
    'slots-stuck',
    /no task of this queue can run/,
  ],
  [
    'all slots held for longer than slow handlers take',
    consumer({ running: 10, overdue: 10, stuckSince: NOW - STUCK_GRACE_MS }),
    { live: false, ready: false },
    'slots-stuck',
    /for 60\.0 s all of them/,
  ],
  [
    'an event loop that stood still',
    { loopBlock: { ms: 12_340, endedAt: NOW - 3_000 } },
    { degraded: true },
    'loop-blocked',
    /stood still for 12\.3 s, until 3\.0 s ago/,
  ],
])('%s', (_, change, claims, code, message) => {
  it('is told with what it costs', () => {
    const { live, ready, degraded, reasons } = health(change);
    expect({ live, ready, degraded }).toEqual({ live: true, ready: true, degraded: false, ...claims });
    expect(reasons).toEqual([expect.objectContaining({ code, message: expect.stringMatching(message) as string })]);
  });
});

it.each<[string, Partial<HealthFacts>]>([
  ['a consumer that was paused', consumer({ wanted: false, state: undefined })],
  ['an answer that may still come', connection({ roundTrip: { pendingSince: NOW - 4_999, failure: undefined } })],
  ['a block long ago', { loopBlock: { ms: 60_000, endedAt: NOW - TELL_BLOCK_MS - 1 } }],
])('makes nothing of %s', (_, change) => {
  expect(health(change)).toMatchObject({ live: true, ready: true, degraded: false, reasons: [] });
});

it.each<[HealthFacts['app'], Partial<ConsumerFacts>, string, boolean]>([
  ['started', { wanted: false, state: undefined }, 'paused', true],
  ['started', { wanted: true, state: undefined }, 'starting', false],
  ['started', { state: 'recovering' }, 'recovering', false],
  ['created', { wanted: false, state: undefined }, 'starting', false],
  ['starting', { wanted: true, state: 'consuming' }, 'consuming', true],
  ['stopping', { wanted: false, state: undefined }, 'cancelled', false],
])('in an app that is %s, a consumer of %j is %s', (app, change, state, isHealthy) => {
  expect(health({ app, ...consumer(change) }).consumers).toMatchObject([{ state, healthy: isHealthy }]);
});

it('tells every reason at once', () => {
  const { reasons } = health({
    ...connection({ state: 'connecting' }),
    ...consumer({ state: 'recovering', overdue: 1 }),
    loopBlock: { ms: 3_000, endedAt: NOW },
  });
  expect(reasons.map(({ code }) => code)).toEqual(['connection-lost', 'not-consuming', 'slots-stuck', 'loop-blocked']);
});
