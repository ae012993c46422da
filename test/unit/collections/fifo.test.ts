import fc from 'fast-check';
import { Fifo } from '../../../src/collections/fifo';

type Command = (fifo: Fifo<number>, model: number[]) => void;

const repeated = (count: number, act: () => void): void => {
  for (let i = 0; i < count; i++) act();
};

const counts = fc.nat(8);
const command: fc.Arbitrary<Command> = fc.oneof(
  counts.map(
    (count): Command =>
      (fifo, model) => {
        const first = model.length;
        for (let i = 0; i < count; i++) {
          fifo.push(first + i);
          model.push(first + i);
        }
      },
  ),
  counts.map(
    (count): Command =>
      (fifo, model) =>
        repeated(count, () => expect(fifo.shift()).toBe(model.shift())),
  ),
  fc.array(fc.integer(), { maxLength: 4 }).map(
    (items): Command =>
      (fifo, model) => {
        fifo.unshiftAll(items);
        model.unshift(...items);
      },
  ),
  fc.integer({ min: 2, max: 5 }).map(
    (divisor): Command =>
      (fifo, model) => {
        const taken = model.filter((item) => item % divisor === 0);
        model.splice(0, model.length, ...model.filter((item) => item % divisor !== 0));
        expect(fifo.removeWhere((item) => item % divisor === 0)).toEqual(taken);
      },
  ),
  fc.constant<Command>((fifo, model) => expect(fifo.drain()).toEqual(model.splice(0))),
);

it('behaves as an array does, whatever is done to it', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 15 }), (commands) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const run of commands) {
        run(fifo, model);
        expect(fifo.length).toBe(model.length);
        expect(fifo.peek()).toBe(model[0]);
      }
      expect([...fifo]).toEqual(model);
    }),
  );
});

it('keeps everything when the test of removeWhere throws', () => {
  const fifo = new Fifo<number>();
  fifo.unshiftAll([1, 2, 3]);
  const remove = (): unknown =>
    fifo.removeWhere((item) => {
      if (item === 2) throw new Error('no');
      return true;
    });
  expect(remove).toThrow('no');
  expect([...fifo]).toEqual([1, 2, 3]);
});

it('loses and moves nothing when it lets go of what was shifted', () => {
  const fifo = new Fifo<number>();
  for (let item = 0; item < 5_000; item++) fifo.push(item);
  for (let item = 0; item < 5_000; item++) {
    expect(fifo.shift()).toBe(item);
    if (item % 3 === 0) fifo.push(5_000 + item / 3);
  }
  expect([...fifo]).toEqual(Array.from({ length: 1_667 }, (_, index) => 5_000 + index));
});
