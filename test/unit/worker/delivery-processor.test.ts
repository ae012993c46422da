import { AsyncLocalStorage } from 'node:async_hooks';
import type { Delivery } from '../../../src/broker/broker';
import { EventBus } from '../../../src/events/event-bus';
import type { Decoded } from '../../../src/message/codec';
import type { TaskContext } from '../../../src/task/context';
import { ManualClock } from '../../../src/time/manual-clock';
import { ClockSkew } from '../../../src/worker/clock-skew';
import { DeliveryProcessor, type PreparedTask } from '../../../src/worker/delivery-processor';
import { Dispatcher } from '../../../src/worker/dispatcher';
import { Overruns } from '../../../src/worker/overruns';
import { HOSTILE_VALUES } from '../support/hostile-values';
import { incomingMessage } from '../support/incoming-message';
import { taskDefinition } from '../support/task-definition';

const settle = (): boolean => {
  throw new Error('a processor settles nothing');
};

const delivery: Delivery = {
  ...incomingMessage({ messageId: 'id-1', type: 'emails.send' }),
  queue: 'emails',
  deliveryCount: 0,
  live: true,
  overdue: false,
  ack: settle,
  requeue: settle,
  reject: settle,
};

function processorOf(
  handler: (payload: unknown, task: TaskContext) => unknown,
  check: PreparedTask['check'] = (payload) => ({ ok: true, payload }),
  decode: () => Decoded = () => ({ ok: true, value: null }),
  clock = new ManualClock(),
): DeliveryProcessor {
  const task: PreparedTask = {
    definition: taskDefinition(),
    check,
    invocationOf: () => handler,
  };
  return new DeliveryProcessor({
    dispatcher: new Dispatcher([task]),
    decode,
    resolver: { get: () => ({}) as never },
    events: new EventBus(),
    clock,
    newId: () => 'made-up',
    skew: new ClockSkew(clock),
    overruns: new Overruns(new ManualClock(), new EventBus()),
  });
}

it('tells how long what runs has taken so far, by queue', async () => {
  const clock = new ManualClock();
  const ends: (() => void)[] = [];
  const processor = processorOf(() => new Promise<void>((resolve) => ends.push(resolve)), undefined, undefined, clock);
  expect([...processor.runningMs()]).toEqual([]);
  const first = processor.process(delivery);
  await clock.advance(1_000);
  const others = [processor.process(delivery), processor.process({ ...delivery, queue: 'reports' })];
  await clock.advance(500);
  expect([...processor.runningMs()]).toEqual([
    ['emails', 2_000],
    ['reports', 500],
  ]);
  ends[0]?.();
  await first;
  expect(processor.runningMs().get('emails')).toBe(500);
  for (const end of ends) end();
  await Promise.all(others);
  expect([...processor.runningMs()]).toEqual([]);
});

it('rejects a message with headers that cannot be read, without calling the handler, whether its task is known or not', async () => {
  const handler = jest.fn();
  const unreadable = [{ name: 'bomb', problem: 'it is nested deeper than 64 tables' }];
  for (const type of ['emails.send', 'nobody.knows']) {
    const properties = { ...delivery.properties, type, unreadable };
    const { outcome } = await processorOf(handler).process({ ...delivery, properties });
    expect(outcome).toEqual({
      kind: 'rejected',
      reason: 'undecodable',
      problems: [{ path: 'headers.bomb', rule: 'headers', message: 'it is nested deeper than 64 tables' }],
    });
  }
  expect(handler).not.toHaveBeenCalled();
});

it('interrupts each attempt in a context of its own: the store that one sets is not seen by the next', async () => {
  const context = new AsyncLocalStorage<number>();
  const seen: unknown[] = [];
  const processor = processorOf((_payload, task) => {
    task.signal.addEventListener('abort', () => {
      seen.push(context.getStore());
      context.enterWith(seen.length);
    });
    return new Promise(() => undefined);
  });
  const attempts = [processor.process(delivery), processor.process(delivery)];
  expect(context.run(0, () => processor.interruptAll())).toBe(2);
  await Promise.all(attempts);
  expect(seen).toEqual([undefined, undefined]);
});

it.each(HOSTILE_VALUES)('counts it as a failed attempt when a handler throws %s', async (_label, thrown) => {
  const processor = processorOf(() => {
    throw thrown;
  });
  const { outcome, id } = await processor.process(delivery);
  expect([outcome.kind, id]).toEqual(['failed', 'id-1']);
  expect('error' in outcome && Object.is(outcome.error, thrown)).toBe(true);
});

it('rejects a payload that does not fit, at once or later, without calling the handler', async () => {
  const handler = jest.fn();
  const refused = { ok: false as const, problems: [{ path: 'to', rule: 'isEmail', message: 'must be an email' }] };
  for (const check of [() => refused, async () => refused]) {
    const { outcome } = await processorOf(handler, check).process(delivery);
    expect(outcome).toEqual({ kind: 'rejected', reason: 'invalid-payload', problems: refused.problems });
  }
  expect(handler).not.toHaveBeenCalled();
});

it('asks for no instance where the resolver makes the call itself', async () => {
  const bound = jest.fn();
  const task: PreparedTask = {
    definition: taskDefinition(),
    check: (payload) => ({ ok: true, payload }),
    bound,
    invocationOf: () => {
      throw new Error('nobody needs an instance');
    },
  };
  const processor = new DeliveryProcessor({
    dispatcher: new Dispatcher([task]),
    decode: () => ({ ok: true, value: { to: 'ada@example.com' } }),
    resolver: {
      get: () => {
        throw new Error('nobody needs an instance');
      },
    },
    events: new EventBus(),
    clock: new ManualClock(),
    newId: () => 'made-up',
    skew: new ClockSkew(new ManualClock()),
    overruns: new Overruns(new ManualClock(), new EventBus()),
  });
  expect((await processor.process(delivery)).outcome.kind).toBe('completed');
  expect(bound).toHaveBeenCalledWith({ to: 'ada@example.com' }, expect.objectContaining({ id: 'id-1' }));
});

it('judges no body whose task it does not know: the version that knows it may read it', async () => {
  const decode = jest.fn(() => ({ ok: false as const, problems: [] }));
  const processor = processorOf(() => undefined, undefined, decode);
  const foreign = { ...delivery, properties: { ...delivery.properties, type: 'emails.newer' } };
  expect((await processor.process(foreign)).outcome).toEqual({ kind: 'unknown-task', task: 'emails.newer' });
  expect(decode).not.toHaveBeenCalled();
  expect((await processor.process(delivery)).outcome).toMatchObject({ reason: 'undecodable' });
  const late = { ...foreign.properties, expiration: '1', headers: { 'warren-expires-at': 1 } };
  expect((await processor.process({ ...foreign, properties: late })).outcome).toMatchObject({ reason: 'expired' });
});
