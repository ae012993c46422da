import fc from 'fast-check';
import { Bag, type BagItem, NO_PLACE } from '../../../src/collections/bag';

interface Numbered extends BagItem {
  readonly number: number;
}

const numbered = (number: number): Numbered => ({ number, place: NO_PLACE });
const numbersIn = (bag: Bag<Numbered>): readonly number[] => [...bag].map(({ number }) => number).sort((a, b) => a - b);

it('holds what was added and not removed, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (touched) => {
      const items = Array.from({ length: 21 }, (_, number) => numbered(number));
      const bag = new Bag<Numbered>();
      const model = new Set<number>();
      for (const number of touched) {
        const item = items[number] as Numbered;
        if (model.delete(number)) expect(bag.remove(item)).toBe(true);
        else {
          expect(bag.remove(item)).toBe(false);
          bag.add(item);
          model.add(number);
        }
        expect(bag.size).toBe(model.size);
        expect(numbersIn(bag)).toEqual([...model].sort((a, b) => a - b));
      }
    }),
  );
});

it('gives up everything when it is drained', () => {
  const bag = new Bag<Numbered>();
  const items = [numbered(1), numbered(2), numbered(3)];
  for (const item of items) bag.add(item);
  expect(bag.drain()).toEqual(items);
  expect(bag.size).toBe(0);
  expect(items.map((item) => bag.remove(item))).toEqual([false, false, false]);
});

it('can be emptied while it is walked through', () => {
  const bag = new Bag<Numbered>();
  for (let number = 0; number < 10; number++) bag.add(numbered(number));
  const seen: number[] = [];
  for (const item of bag) {
    seen.push(item.number);
    bag.remove(item);
  }
  expect(seen).toHaveLength(10);
  expect(bag.size).toBe(0);
});

it('does not take an item out that is in another bag at the same place', () => {
  const [one, other] = [new Bag<Numbered>(), new Bag<Numbered>()];
  const item = numbered(1);
  one.add(numbered(2));
  other.add(item);
  expect(one.remove(item)).toBe(false);
  expect(other.remove(item)).toBe(true);
});
