import type { AppHealth, ConnectionHealth, ConsumerHealth, ConsumerState, HealthReason } from './app-health';
import type { ConnectionFacts, ConsumerFacts, HealthFacts, RoundTrip } from './health-facts';

/** A broker that owes an answer for so long is not there, however healthy the socket looks; milliseconds. */
export const ANSWER_WITHIN_MS = 5_000;
/** How long every slot must be overdue before a restart is asked for: slow is not yet stuck. */
export const STUCK_GRACE_MS = 60_000;
/** How long a block of the event loop is told after it has ended. */
export const TELL_BLOCK_MS = 60_000;

/** How an app is, from what is known about it. @param now - by the clock of the facts. */
export function decideHealth(facts: HealthFacts, now: number): AppHealth {
  const reasons = [
    ...appReasons(facts),
    ...facts.connections.flatMap((connection) => connectionReasons(connection, facts, now)),
    ...facts.consumers.flatMap((consumer) => consumerReasons(consumer, facts, now)),
    ...loopReasons(facts, now),
  ];
  return Object.freeze({
    live: !reasons.some(({ costs }) => costs === 'live'),
    ready: reasons.every(({ costs }) => costs === 'nothing'),
    degraded: reasons.some(({ costs }) => costs === 'nothing'),
    reasons: Object.freeze(reasons),
    connections: Object.freeze(facts.connections.map((connection) => connectionHealth(connection, facts, now))),
    fastPath: facts.fastPath,
    consumers: Object.freeze(facts.consumers.map((consumer) => consumerHealth(consumer, facts, now))),
  });
}

function appReasons({ app }: HealthFacts): readonly HealthReason[] {
  switch (app) {
    case 'started':
      return [];
    case 'created':
    case 'starting':
      return [reason('app-not-started', 'ready', `the app is ${app}`)];
    case 'stopping':
      return [reason('app-stopping', 'ready', 'the app is stopping: it takes no new tasks')];
    case 'stopped':
      return [reason('app-stopped', 'live', 'the app is stopped, or its start has failed: it does not start again')];
  }
}

function connectionReasons(
  { name, state, since, error, roundTrip }: ConnectionFacts,
  { app }: HealthFacts,
  now: number,
): readonly HealthReason[] {
  // Closed by the stop, which is the reason to tell.
  if (app === 'stopped') return [];
  switch (state) {
    case 'connecting':
    case 'closed': {
      const why = error === undefined ? '' : `: ${error}`;
      return [reason('connection-lost', 'ready', `the connection ${name} is ${state} ${forMs(now - since)}${why}`)];
    }
    case 'blocked':
      return [
        reason(
          'connection-blocked',
          'nothing',
          `the broker blocks the connection ${name} ${forMs(now - since)}: it has a memory or disk alarm. Tasks run, enqueuing fails`,
        ),
      ];
    case 'connected': {
      const silence = silenceOf(roundTrip, now);
      return silence === undefined
        ? []
        : [reason('connection-silent', 'ready', `on the connection ${name}, ${silence}`)];
    }
  }
}

function consumerReasons(consumer: ConsumerFacts, { app }: HealthFacts, now: number): readonly HealthReason[] {
  const shouldConsume = app === 'started' && consumer.wanted;
  return [...(shouldConsume ? idleReasons(consumer, now) : []), ...stuckReasons(consumer, now)];
}

/** Why a consumer that should consume does not. */
function idleReasons({ queue, state, since, error, roundTrip }: ConsumerFacts, now: number): readonly HealthReason[] {
  if (state !== 'consuming') {
    const how = `${state ?? 'it has no consumer'}${since === undefined ? '' : ` ${forMs(now - since)}`}`;
    const why = error === undefined ? '' : `: ${error}`;
    return [reason('not-consuming', 'ready', `the queue "${queue}" is not consumed (${how})${why}`)];
  }
  const silence = silenceOf(roundTrip, now);
  return silence === undefined
    ? []
    : [reason('consumer-silent', 'ready', `for the consumer of queue "${queue}", ${silence}`)];
}

function stuckReasons(
  { queue, overdue, concurrency, stuckSince }: ConsumerFacts,
  now: number,
): readonly HealthReason[] {
  if (overdue === 0) return [];
  const what = `${overdue} of ${concurrency} slots of queue "${queue}" are held by handlers that have outlived their timeout`;
  if (stuckSince === undefined) return [reason('slots-stuck', 'nothing', `${what}: they do not heed task.signal`)];
  return [
    reason(
      'slots-stuck',
      now - stuckSince >= STUCK_GRACE_MS ? 'live' : 'ready',
      `${what}, ${forMs(now - stuckSince)} all of them: no task of this queue can run. They do not heed task.signal`,
    ),
  ];
}

function loopReasons({ loopBlock }: HealthFacts, now: number): readonly HealthReason[] {
  if (loopBlock === undefined || now - loopBlock.endedAt > TELL_BLOCK_MS) return [];
  const { ms, endedAt } = loopBlock;
  return [
    reason(
      'loop-blocked',
      'nothing',
      `the event loop stood still for ${seconds(ms)}, until ${seconds(now - endedAt)} ago: a handler computes without an await, or the process was suspended`,
    ),
  ];
}

/** What a question that has no answer means; `undefined` where it has one, or still may. */
function silenceOf(roundTrip: RoundTrip | undefined, now: number): string | undefined {
  if (roundTrip === undefined) return undefined;
  const { pendingSince, failure } = roundTrip;
  if (pendingSince !== undefined && now - pendingSince >= ANSWER_WITHIN_MS) {
    return `the broker has not answered ${forMs(now - pendingSince)}`;
  }
  return failure;
}

function connectionHealth(connection: ConnectionFacts, facts: HealthFacts, now: number): ConnectionHealth {
  const { name, state } = connection;
  const healthy = connectionReasons(connection, facts, now).every(({ costs }) => costs === 'nothing');
  return Object.freeze({ name, state, healthy: healthy && state !== 'closed' });
}

function consumerHealth(consumer: ConsumerFacts, facts: HealthFacts, now: number): ConsumerHealth {
  const { queue, running, overdue, concurrency } = consumer;
  const ailing = consumerReasons(consumer, facts, now).some(({ costs }) => costs !== 'nothing');
  const state = stateOf(consumer, facts);
  return Object.freeze({
    queue,
    state,
    healthy: !ailing && (state === 'consuming' || state === 'paused'),
    running,
    overdue,
    concurrency,
  });
}

function stateOf({ wanted, state }: ConsumerFacts, { app }: HealthFacts): ConsumerState {
  if (wanted) return state ?? 'starting';
  if (app === 'created' || app === 'starting') return 'starting';
  return app === 'started' ? 'paused' : (state ?? 'cancelled');
}

const reason = (code: HealthReason['code'], costs: HealthReason['costs'], message: string): HealthReason =>
  Object.freeze({ code, costs, message });

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const forMs = (ms: number): string => `for ${seconds(ms)}`;
