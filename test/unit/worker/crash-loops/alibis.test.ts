import type { Broker, Delivery } from '../../../../src/broker/broker';
import { AccessRefusedError } from '../../../../src/errors/broker-errors';
import { ConnectionClosedError } from '../../../../src/errors/enqueue-errors';
import { ManualClock } from '../../../../src/time/manual-clock';
import { Alibis } from '../../../../src/worker/crash-loops/alibis';
import { incomingMessage } from '../../support/incoming-message';

/** A broker that keeps what was declared, and can be away. */
function bench() {
  const clock = new ManualClock();
  const declared = new Set<string>();
  let away = false;
  const locks = new Set<string>();
  const broker: Pick<Broker, 'declare' | 'queueState' | 'lifeline' | 'isLocked'> = {
    lifeline: async (name) => {
      locks.add(name);
      return async () => void locks.delete(name);
    },
    isLocked: async (name) => locks.has(name),
    declare: async ({ queues }) => {
      if (away) throw new ConnectionClosedError('it is lost at the moment');
      for (const { name } of queues) declared.add(name);
    },
    queueState: async (queue) => (declared.has(queue) ? { ready: 0, consumers: 0 } : undefined),
  };
  const setAway = (value: boolean): void => {
    away = value;
  };
  const alibis = (): Alibis => new Alibis(broker, clock);
  return { clock, declared, locks, setAway, survivor: alibis(), judge: alibis() };
}

const suspect = (acquittals = 0, headers = {}): Delivery & { live: boolean; overdue: boolean } =>
  ({
    ...incomingMessage({ messageId: 'id-1', headers: { 'warren-acquittals': acquittals, ...headers } }),
    queue: 'emails',
    live: true,
    overdue: false,
  }) as Delivery & { live: boolean; overdue: boolean };

it('a worker that loses its connection over a suspect says that it is alive, as soon as it can', async () => {
  const { clock, declared, setAway, survivor, judge } = bench();
  const delivery = suspect();
  const ended = await survivor.watch(delivery);
  await clock.advance(60_000);
  expect(declared.size).toBe(0);
  setAway(true);
  delivery.live = false;
  const verdict = judge.survived(suspect());
  await clock.advance(10_000);
  setAway(false);
  await clock.advance(1_000);
  expect([...declared]).toEqual([expect.stringMatching(/^warren\.alibi\.[0-9a-f]{32}$/)]);
  await expect(verdict).resolves.toBe(true);
  ended();
  await clock.advance(10_000);
  expect(clock.pendingTimers).toBe(0);
});

it('is told nothing when the worker died: the verdict waits for 15 s and no longer', async () => {
  const { clock, judge } = bench();
  let verdict: unknown = 'open';
  void judge.survived(suspect()).then((survived) => {
    verdict = survived;
  });
  await clock.advance(14_999);
  expect(verdict).toBe('open');
  await clock.advance(1);
  expect([verdict, clock.pendingTimers]).toEqual([false, 0]);
});

it('is of one trial: it proves nothing for the next, nor for another attempt', async () => {
  const { clock, survivor, judge } = bench();
  const delivery = suspect();
  await survivor.watch(delivery);
  delivery.live = false;
  await clock.advance(1_000);
  const verdicts = [suspect(), suspect(1), suspect(0, { 'warren-attempt': 2 })].map((each) => judge.survived(each));
  await clock.advance(15_000);
  expect(await Promise.all(verdicts)).toEqual([true, false, false]);
});

it.each<[string, (delivery: { live: boolean; overdue: boolean }) => void]>([
  ['was settled', () => undefined],
  [
    'was taken back since it took too long, which is to end',
    (delivery) => {
      delivery.live = false;
      delivery.overdue = true;
    },
  ],
])('says nothing of a suspect that %s', async (_, end) => {
  const { clock, declared, survivor } = bench();
  const delivery = suspect();
  const ended = await survivor.watch(delivery);
  end(delivery);
  ended();
  await clock.advance(60_000);
  expect([declared.size, clock.pendingTimers]).toEqual([0, 0]);
});

it('does not ask again for what it may not do', async () => {
  const clock = new ManualClock();
  let asked = 0;
  const declare = async (): Promise<void> => {
    asked++;
    throw new AccessRefusedError('declare "warren.alibi"', 'ACCESS_REFUSED');
  };
  const delivery = suspect();
  const broker = {
    declare,
    queueState: async () => undefined,
    isLocked: async () => false,
    lifeline: () => Promise.reject(new Error('one connection too many')),
  };
  await new Alibis(broker, clock).watch(delivery);
  delivery.live = false;
  await clock.advance(60_000);
  expect([asked, clock.pendingTimers]).toEqual([1, 0]);
});

it('gives no verdict in a worker that stops, and leaves no timer', async () => {
  const { clock, survivor, judge } = bench();
  await survivor.watch(suspect());
  const verdict = judge.survived(suspect());
  await clock.advance(5_000);
  survivor.stop();
  judge.stop();
  await expect(verdict).resolves.toBeUndefined();
  expect(clock.pendingTimers).toBe(0);
});

it('gives no verdict while the process lives that ran the suspect, though it says nothing, and 15 s from its death', async () => {
  const { clock, locks, survivor, judge } = bench();
  const delivery = suspect();
  await survivor.watch(delivery);
  expect([...locks]).toEqual([expect.stringMatching(/^warren\.alibi\.[0-9a-f]{32}\.alive$/)]);
  let verdict: unknown = 'open';
  void judge.survived(suspect()).then((survived) => {
    verdict = survived;
  });
  await clock.advance(45_000);
  expect(verdict).toBe('open');
  locks.clear();
  await clock.advance(14_000);
  expect(verdict).toBe('open');
  await clock.advance(2_000);
  expect(verdict).toBe(false);
  survivor.stop();
});

it('acquits a suspect whose process lives and says nothing for five minutes', async () => {
  const { clock, survivor, judge } = bench();
  await survivor.watch(suspect());
  let verdict: unknown = 'open';
  void judge.survived(suspect()).then((survived) => {
    verdict = survived;
  });
  await clock.advance(5 * 60_000 - 1_000);
  expect(verdict).toBe('open');
  await clock.advance(1_000);
  expect(verdict).toBe(true);
  survivor.stop();
});

it('shows that the process lives for as long as its suspect is out, and no longer', async () => {
  const { clock, locks, survivor } = bench();
  const ended = await survivor.watch(suspect());
  await clock.advance(60_000);
  expect(locks.size).toBe(1);
  ended();
  await clock.advance(5_000);
  expect([locks.size, clock.pendingTimers]).toEqual([0, 0]);
});

it('runs a suspect without a lifeline that the broker does not give in 5 s', async () => {
  const clock = new ManualClock();
  const never = new Promise<never>(() => undefined);
  const broker = {
    declare: async () => undefined,
    queueState: async () => undefined,
    isLocked: async () => false,
    lifeline: () => never,
  };
  const alibis = new Alibis(broker, clock);
  let isRunning = false;
  void alibis.watch(suspect()).then(() => {
    isRunning = true;
  });
  await clock.advance(4_999);
  expect(isRunning).toBe(false);
  await clock.advance(1);
  expect(isRunning).toBe(true);
  alibis.stop();
});
