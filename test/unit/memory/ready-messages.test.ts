import fc from 'fast-check';
import {
  ClassicMessages,
  type QueuedMessage,
  QuorumMessages,
  type ReadyMessages,
} from '../../../src/memory/ready-messages';
import { storeMessage } from '../../../src/memory/stored-message';

const message = storeMessage({ exchange: '', routingKey: 'q', body: Buffer.alloc(0), properties: {} });

const entry = (order: number, priority = 4, expiresAt = Number.POSITIVE_INFINITY): QueuedMessage => ({
  message,
  order,
  priority,
  expiresAt,
  failures: 0,
  returns: 0,
});

function takeAll(ready: ReadyMessages): readonly number[] {
  const orders: number[] = [];
  for (let next = ready.take(); next !== undefined; next = ready.take()) orders.push(next.order);
  return orders;
}

describe.each([
  ['a quorum queue', () => new QuorumMessages()],
  ['a classic queue', () => new ClassicMessages()],
])('the ready messages of %s', (_what, make) => {
  it('go out by priority, then by arrival', () => {
    const priorities = fc.array(fc.integer({ min: 0, max: 31 }), { maxLength: 60 });
    fc.assert(
      fc.property(priorities, (given) => {
        const ready = make();
        given.forEach((priority, order) => {
          ready.add(entry(order, priority));
        });
        expect(ready.length).toBe(given.length);
        const expected = given
          .map((priority, order) => ({ priority, order }))
          .sort((a, b) => b.priority - a.priority || a.order - b.order);
        expect(takeAll(ready)).toEqual(expected.map(({ order }) => order));
        expect(ready.length).toBe(0);
      }),
    );
  });

  it('expire at the head of their priority only', () => {
    const ready = make();
    ready.add(entry(0, 4, 500));
    ready.add(entry(1, 4, 100));
    ready.add(entry(2, 0, 200));
    ready.add(entry(3, 9));
    expect(ready.nextExpiry()).toBe(200);
    expect(ready.takeExpired(199)).toBeUndefined();
    expect(ready.takeExpired(200)?.order).toBe(2);
    expect(ready.takeExpired(499)).toBeUndefined();
    expect([ready.takeExpired(500)?.order, ready.takeExpired(500)?.order]).toEqual([0, 1]);
    expect(ready.nextExpiry()).toBe(Number.POSITIVE_INFINITY);
    expect([ready.length, takeAll(ready)]).toEqual([1, [3]]);
  });

  it('expire when they came back too late', () => {
    const ready = make();
    ready.add(entry(0, 4, 100));
    const out = ready.take();
    if (out === undefined) throw new Error('nothing to take');
    ready.putBack(out);
    expect(ready.nextExpiry()).toBe(100);
    expect(ready.takeExpired(100)).toBe(out);
  });
});

it('a quorum queue redelivers what came back first, in the order of return, whatever its priority', () => {
  const ready = new QuorumMessages();
  for (const [order, priority] of [4, 9, 0].entries()) ready.add(entry(order, priority));
  const out = [ready.take(), ready.take()];
  ready.add(entry(3, 31));
  for (const returned of out.reverse()) if (returned !== undefined) ready.putBack(returned);
  expect(takeAll(ready)).toEqual([0, 1, 3, 2]);
});

it('a classic queue puts back what came back where it was, however it came back', () => {
  const shuffled = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7]);
  fc.assert(
    fc.property(shuffled, (returned) => {
      const ready = new ClassicMessages();
      for (let order = 0; order < 10; order++) ready.add(entry(order, order % 2));
      const out = new Map<number, QueuedMessage>();
      for (let taken = 0; taken < 8; taken++) {
        const next = ready.take();
        if (next !== undefined) out.set(next.order, next);
      }
      for (const order of returned) {
        const entryBack = out.get(order);
        if (entryBack !== undefined) ready.putBack(entryBack);
      }
      const waiting = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((order) => !out.has(order) || returned.includes(order));
      expect(takeAll(ready)).toEqual(waiting.sort((a, b) => (b % 2) - (a % 2) || a - b));
    }),
  );
});
