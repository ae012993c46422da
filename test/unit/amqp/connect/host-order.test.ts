import fc from 'fast-check';
import { HostOrder } from '../../../../src/amqp/connect/host-order';

const round = (order: HostOrder<string>): readonly string[] =>
  Array.from({ length: order.size }, () => {
    const { current } = order;
    order.next();
    return current;
  });

it('goes to every host once, and then round again in the same order', () => {
  const hosts = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      hosts,
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (all, dice) => {
        const order = new HostOrder(all, () => dice.next().value as number);
        const first = round(order);
        expect([...first].sort()).toEqual([...all].sort());
        expect(round(order)).toEqual(first);
      },
    ),
  );
});

it('begins with any of them', () => {
  const begins = [0, 0.4, 0.8].map((dice) => new HostOrder(['a', 'b', 'c'], () => dice).current);
  expect(new Set(begins).size).toBeGreaterThan(1);
});

it('stays with the only one', () => {
  const order = new HostOrder(['a'], () => 0.5);
  order.next();
  expect(order.current).toBe('a');
});
