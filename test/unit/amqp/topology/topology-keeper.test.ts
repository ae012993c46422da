import type { ChannelModel } from 'amqplib';
import { TopologyKeeper } from '../../../../src/amqp/topology/topology-keeper';
import type { Topology } from '../../../../src/topology/topology';

/** Nothing to declare: no channel is opened, and how often the connection is asked for tells how often it is applied. */
const EMPTY: Topology = { exchanges: [], queues: [], bindings: [] };

function keeping(random: () => number = Math.random) {
  let applied = 0;
  let failure: Error | undefined;
  const keeper = new TopologyKeeper(() => {
    applied++;
    if (failure !== undefined) throw failure;
    return {} as ChannelModel;
  }, random);
  return {
    keeper,
    applied: () => applied,
    fail: (error: Error | undefined) => {
      failure = error;
    },
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('declares once for all who ask within a second, and again after it', async () => {
  const { keeper, applied } = keeping();
  await keeper.apply(EMPTY, 'assert');
  await Promise.all(Array.from({ length: 100 }, () => keeper.restore()));
  await keeper.restore();
  expect(applied()).toBe(2);
  await jest.advanceTimersByTimeAsync(1_000);
  await keeper.restore();
  expect(applied()).toBe(3);
  keeper.close();
});

it('gives a failure to all who asked, and tries again after a second', async () => {
  const { keeper, fail } = keeping();
  await keeper.apply(EMPTY, 'assert');
  fail(new Error('away'));
  const answers = await Promise.allSettled([keeper.restore(), keeper.restore()]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fail(undefined);
  await jest.advanceTimersByTimeAsync(1_000);
  await keeper.restore();
  keeper.close();
});

it.each(['verify', 'off'] as const)('declares nothing by itself in mode %s', async (mode) => {
  const { keeper, applied } = keeping();
  await keeper.apply(EMPTY, mode);
  keeper.reconnected();
  await keeper.restore();
  await jest.advanceTimersByTimeAsync(3_600_000);
  expect(applied()).toBe(1);
  keeper.close();
});

it('declares by itself within 10 s of a reconnect, and then at least every 5 minutes', async () => {
  const { keeper, applied } = keeping(() => 1 - Number.EPSILON);
  await keeper.apply(EMPTY, 'assert');
  keeper.reconnected();
  await jest.advanceTimersByTimeAsync(10_000);
  expect(applied()).toBe(2);
  await jest.advanceTimersByTimeAsync(300_000);
  expect(applied()).toBe(3);
  keeper.close();
});

it('declares as early after a reconnect as chance has it', async () => {
  const { keeper, applied } = keeping(() => 0.1);
  await keeper.apply(EMPTY, 'assert');
  keeper.reconnected();
  await jest.advanceTimersByTimeAsync(999);
  expect(applied()).toBe(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(applied()).toBe(2);
  keeper.close();
});

it('leaves no timer when it is closed, whatever it was doing', async () => {
  const { keeper, applied } = keeping();
  await keeper.apply(EMPTY, 'assert');
  const restoring = keeper.restore();
  keeper.close();
  await restoring;
  await keeper.restore();
  keeper.reconnected();
  expect(jest.getTimerCount()).toBe(0);
  expect(applied()).toBe(2);
});

it('knows what is planned by its name', async () => {
  const { keeper } = keeping();
  const target = (exchange: string, routingKey: string) => ({ exchange, routingKey, messageId: undefined });
  expect(keeper.plans(target('', 'emails'))).toBe(false);
  await keeper.apply(EMPTY, 'off');
  expect(keeper.plans(target('', 'emails'))).toBe(false);
  await keeper.apply(
    {
      exchanges: [{ name: 'shop', type: 'topic', arguments: {}, declare: true }],
      queues: [{ name: 'emails', arguments: {} }],
      bindings: [],
    },
    'off',
  );
  expect(keeper.plans(target('', 'emails'))).toBe(true);
  expect(keeper.plans(target('shop', 'emails'))).toBe(true);
  expect(keeper.plans(target('other', 'emails'))).toBe(false);
  keeper.close();
});
