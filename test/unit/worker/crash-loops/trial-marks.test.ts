import type { Broker, Delivery } from '../../../../src/broker/broker';
import { AccessRefusedError } from '../../../../src/errors/broker-errors';
import { ConnectionClosedError } from '../../../../src/errors/enqueue-errors';
import { ManualClock } from '../../../../src/time/manual-clock';
import { TrialMarks } from '../../../../src/worker/crash-loops/trial-marks';
import { incomingMessage } from '../../support/incoming-message';

/** Marks at a broker that keeps what was declared, or answers a declaration as it is told to. */
function bench(answer: () => Promise<void> = async () => undefined) {
  const queues = new Set<string>();
  const clock = new ManualClock();
  const broker: Pick<Broker, 'declare' | 'queueState' | 'deleteUnused'> = {
    declare: async (topology) => {
      await answer();
      for (const { name } of topology.queues) queues.add(name);
    },
    queueState: async (queue) => (queues.has(queue) ? { ready: 0, consumers: 0 } : undefined),
    deleteUnused: async (queue) => (queues.delete(queue) ? { kind: 'deleted', lost: 0 } : { kind: 'missing' }),
  };
  return { clock, queues, marks: new TrialMarks(broker, clock) };
}

const suspect = (deliveryCount: number, headers = {}): Delivery =>
  ({
    ...incomingMessage({ messageId: 'id-1', headers: { 'warren-due-at': 1, ...headers } }),
    queue: 'emails',
    deliveryCount,
  }) as Delivery;

it('shows to the next worker how far a copy has come', async () => {
  const { marks } = bench();
  expect(await marks.stageOf(suspect(1))).toBe('waiting');
  await marks.set(suspect(1), 'begun');
  expect(await marks.stageOf(suspect(2))).toBe('begun');
  await marks.set(suspect(2), 'judged');
  expect(await marks.stageOf(suspect(3))).toBe('judged');
});

it.each([{ 'warren-due-at': 2 }, { 'warren-attempt': 2 }, { 'warren-acquittals': 1 }])(
  'is of one copy, and not of the next: %j',
  async (headers) => {
    const { marks } = bench();
    await marks.set(suspect(0), 'begun');
    expect(await marks.stageOf(suspect(1, headers))).toBe('waiting');
  },
);

it('shows that others ran beside a copy, though its run had begun alone', async () => {
  const { marks, queues } = bench();
  await marks.set(suspect(0), 'begun');
  await marks.set(suspect(0), 'beside');
  expect(await marks.stageOf(suspect(1))).toBe('beside');
  for (const mark of ['begun', 'beside'] as const) await marks.remove(suspect(0), mark);
  expect(queues.size).toBe(0);
});

it('shows that others ran beside a copy from its beginning on', async () => {
  const { marks } = bench();
  await marks.set(suspect(0), 'beside');
  expect(await marks.stageOf(suspect(1))).toBe('beside');
});

it('leaves nothing of a run that ended', async () => {
  const { marks, queues } = bench();
  await marks.set(suspect(0), 'begun');
  expect([...queues]).toEqual([expect.stringMatching(/^warren\.alibi\.[0-9a-f]{32}\.begun$/)]);
  await marks.remove(suspect(0), 'begun');
  expect(queues.size).toBe(0);
});

it('reports a mark that the broker refuses, and no other', async () => {
  const refused = bench(() => Promise.reject(new AccessRefusedError('declare', 'ACCESS_REFUSED')));
  const lost = bench(() => Promise.reject(new ConnectionClosedError('it is lost')));
  const late = bench(() => new Promise(() => undefined));
  expect(await refused.marks.set(suspect(0), 'begun')).toBe(false);
  expect(await lost.marks.set(suspect(0), 'begun')).toBe(true);
  const set = late.marks.set(suspect(0), 'begun');
  await late.clock.advance(5_000);
  expect(await set).toBe(true);
  expect(refused.clock.pendingTimers + lost.clock.pendingTimers + late.clock.pendingTimers).toBe(0);
});
