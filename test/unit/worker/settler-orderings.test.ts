import type { Delivery } from '../../../src/broker/broker';
import {
  BrokerBlockedError,
  ConnectionClosedError,
  NackedError,
  PublishRefusedError,
  PublishTimeoutError,
  UnroutableError,
} from '../../../src/errors/enqueue-errors';
import { EventBus } from '../../../src/events/event-bus';
import { readEnvelope } from '../../../src/message/envelope';
import type { OutgoingMessage } from '../../../src/message/wire';
import { INTERRUPTED, type TaskOutcome } from '../../../src/settlement/outcome';
import { ManualClock } from '../../../src/time/manual-clock';
import type { Attempt } from '../../../src/worker/attempt';
import { EndedAttempts } from '../../../src/worker/ended-attempts';
import { Settler } from '../../../src/worker/settler';
import { incomingMessage } from '../support/incoming-message';
import { taskDefinition } from '../support/task-definition';

const target = { exchange: '', routingKey: 'emails', messageId: 'id-1' };

const EVENTS = [
  'task:completed',
  'task:discarded',
  'task:interrupted',
  'task:retried',
  'task:snoozed',
  'task:dead-lettered',
  'task:isolated',
  'settlement:failed',
] as const;

/** A settler whose publishes the test ends, and a delivery whose channel the test ends. */
function stage() {
  const clock = new ManualClock();
  const events = new EventBus();
  /** What happens, in order. */
  const log: string[] = [];
  for (const name of EVENTS) events.on(name, () => log.push(name));
  const copies: { readonly message: OutgoingMessage; end(error?: Error): void }[] = [];
  const endedAttempts = new EndedAttempts(clock);
  const settler = new Settler({
    publisher: {
      publish: (message) =>
        new Promise<void>((resolve, reject) => {
          log.push('publish');
          copies.push({ message, end: (error) => (error === undefined ? resolve() : reject(error)) });
        }),
      send: () => undefined,
    },
    events,
    clock,
    random: () => 0,
    keepUnknownTasksMs: 0,
    endedAttempts,
    skew: { aheadMs: 0 },
    onAwaitedEnd: (schedule, id) => log.push(`awaited ${schedule} ${id}`),
  });
  let live = true;
  const settle = (how: string) => () => {
    log.push(live ? how : `${how} in vain`);
    return live;
  };
  const message = incomingMessage({
    messageId: 'id-1',
    headers: { 'warren-awaited': true, 'warren-schedule': 'nightly' },
  });
  const delivery: Delivery = {
    ...message,
    queue: 'emails',
    deliveryCount: 0,
    get live() {
      return live;
    },
    overdue: false,
    ack: settle('ack'),
    requeue: settle('requeue'),
    reject: settle('reject'),
  };
  const attemptOf = (outcome: TaskOutcome): Attempt => ({
    outcome,
    definition: taskDefinition(),
    message,
    envelope: readEnvelope(message),
    id: 'id-1',
    queue: 'emails',
    startedAt: 0,
    endedAt: 0,
    trace: undefined,
  });
  return {
    clock,
    log,
    copies,
    settler,
    delivery,
    kept: () => endedAttempts.take(delivery),
    settle: (outcome: TaskOutcome) => settler.settle(delivery, attemptOf(outcome)) ?? Promise.resolve(),
    isolate: () => settler.isolate(delivery, attemptOf(INTERRUPTED), { crashes: 1, acquittals: 0 }),
    endChannel: () => {
      live = false;
    },
  };
}

type Stage = ReturnType<typeof stage>;

const failed: TaskOutcome = { kind: 'failed', error: new TypeError('boom') };
const gaveUp: TaskOutcome = { kind: 'gave-up', error: new TypeError('boom') };

/** The copies that a settlement publishes, by what leads to one. */
const COPYING: ReadonlyArray<
  readonly [what: string, settle: (stage: Stage) => Promise<void>, reported: readonly string[]]
> = [
  ['a retry', ({ settle }) => settle(failed), ['task:retried']],
  ['a snooze', ({ settle }) => settle({ kind: 'snoozed', afterMs: 5_000, reason: '' }), ['task:snoozed']],
  ['a dead letter', ({ settle }) => settle(gaveUp), ['awaited nightly id-1', 'task:dead-lettered']],
  ['a suspect', ({ isolate }) => isolate(), ['task:isolated']],
];
const isRunByHandler = (what: string): boolean => what !== 'a suspect';

describe.each(COPYING)('the settlement by %s', (what, begin, reported) => {
  it('acknowledges after the copy is confirmed, and reports it after that', async () => {
    const s = stage();
    const settled = begin(s);
    await s.clock.advance(60_000);
    expect(s.log).toEqual(['publish']);
    s.copies[0]?.end();
    await settled;
    expect(s.log).toEqual(['publish', 'ack', ...reported]);
    expect(s.kept()).toBeUndefined();
  });

  it('copies nothing where the channel has ended before: the broker delivers the task again', async () => {
    const s = stage();
    s.endChannel();
    await begin(s);
    expect(s.log).toEqual(['settlement:failed', 'requeue in vain']);
    expect(s.kept()?.isCopied).toBe(isRunByHandler(what) ? false : undefined);
  });

  it('reports what was copied, where the channel ends before the copy is confirmed', async () => {
    const s = stage();
    const settled = begin(s);
    s.endChannel();
    s.copies[0]?.end();
    await settled;
    expect(s.log).toEqual(['publish', 'ack in vain', ...reported]);
    // What comes again is one too many: it is acknowledged without another run.
    expect(s.kept()?.isCopied).toBe(isRunByHandler(what) ? true : undefined);
  });

  it('keeps the outcome where the channel ends, and the copy is not confirmed', async () => {
    const s = stage();
    const settled = begin(s);
    s.endChannel();
    s.copies[0]?.end(new NackedError(target));
    await settled;
    expect(s.log).toEqual(['publish', 'settlement:failed', 'requeue in vain']);
    expect(s.kept()?.isCopied).toBe(isRunByHandler(what) ? false : undefined);
  });

  it('makes no second copy of what can never be copied, where the channel has ended meanwhile', async () => {
    const s = stage();
    const settled = begin(s);
    s.endChannel();
    s.copies[0]?.end(new PublishRefusedError(target, 406, 'PRECONDITION_FAILED'));
    await settled;
    expect(s.log).toEqual(['publish', 'settlement:failed', 'requeue in vain']);
  });

  it.each([
    new NackedError(target),
    new UnroutableError(target, 'NO_ROUTE'),
    new ConnectionClosedError('it is lost'),
    new PublishTimeoutError(target, 15_000),
    new BrokerBlockedError(target, 'low on memory', true),
    new PublishRefusedError(target, 403, 'ACCESS_REFUSED'),
    new PublishRefusedError(target, 404, 'NOT_FOUND'),
  ])('gives the task back a second after a copy that failed: %p', async (error) => {
    const s = stage();
    const settled = begin(s);
    s.copies[0]?.end(error);
    await s.clock.advance(999);
    expect(s.log).toEqual(['publish', 'settlement:failed']);
    await s.clock.advance(1);
    await settled;
    expect(s.log).toEqual(['publish', 'settlement:failed', 'requeue']);
  });

  it('gives back nothing where the channel ends in that second', async () => {
    const s = stage();
    const settled = begin(s);
    s.copies[0]?.end(new NackedError(target));
    await s.clock.advance(500);
    s.endChannel();
    await s.clock.advance(500);
    await settled;
    expect(s.log).toEqual(['publish', 'settlement:failed', 'requeue in vain']);
  });

  it.each([0, 406])(
    'makes a bare dead letter of what can never be copied (%d), and acknowledges after it',
    async (code) => {
      const s = stage();
      const settled = begin(s);
      s.copies[0]?.end(new PublishRefusedError(target, code, 'no'));
      await s.clock.advance(60_000);
      expect(s.log).toEqual(['publish', 'publish']);
      s.copies[1]?.end();
      await settled;
      expect(s.log).toEqual(['publish', 'publish', 'ack', 'awaited nightly id-1', 'task:dead-lettered']);
    },
  );
});

describe('the settlement without a copy', () => {
  const WITHOUT: ReadonlyArray<readonly [what: string, outcome: TaskOutcome, log: readonly string[]]> = [
    ['a success', { kind: 'completed' }, ['ack', 'awaited nightly id-1', 'task:completed']],
    ['a discard', { kind: 'discarded', reason: 'old' }, ['ack', 'awaited nightly id-1', 'task:discarded']],
  ];

  it.each(WITHOUT)('of %s acknowledges, and reports it after that', async (_what, outcome, log) => {
    const s = stage();
    await s.settle(outcome);
    expect(s.log).toEqual(log);
  });

  it.each(WITHOUT)(
    'of %s reports no end where the channel has ended, and keeps the outcome',
    async (_what, outcome) => {
      const s = stage();
      s.endChannel();
      await s.settle(outcome);
      expect(s.log).toEqual(['ack in vain', 'settlement:failed', 'requeue in vain']);
      expect(s.kept()).toMatchObject({ outcome, isCopied: false });
    },
  );
});
