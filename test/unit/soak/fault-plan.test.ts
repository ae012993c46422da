import { FAULT_KINDS, type PlannedFault, planFaults } from '../../soak/fault-plan';
import { seededRandom } from '../../soak/random';

function firstFaults(seed: number, count: number): readonly PlannedFault[] {
  const plan = planFaults(seededRandom(seed));
  return Array.from({ length: count }, () => plan.next().value);
}

const kindsOf = (faults: readonly PlannedFault[]): readonly string[] => faults.map(({ kind }) => kind).toSorted();

describe('the plan of faults', () => {
  it.each([1, 2, 3, 4_294_967_295])('begins with every kind once, for seed %d', (seed) => {
    expect(kindsOf(firstFaults(seed, FAULT_KINDS.length))).toEqual(FAULT_KINDS.toSorted());
  });

  it('goes on with decks that hold every kind', () => {
    const deck = 24;
    const later = firstFaults(5, FAULT_KINDS.length + 2 * deck).slice(FAULT_KINDS.length);
    expect(new Set(kindsOf(later.slice(0, deck)))).toEqual(new Set(FAULT_KINDS));
    expect(kindsOf(later.slice(deck))).toEqual(kindsOf(later.slice(0, deck)));
  });

  it('is the same for the same seed, and another order for another one', () => {
    expect(firstFaults(7, 100)).toEqual(firstFaults(7, 100));
    expect(firstFaults(7, 13).map(({ kind }) => kind)).not.toEqual(firstFaults(8, 13).map(({ kind }) => kind));
  });

  it('keeps every time and target within its range', () => {
    for (const { pauseMs, holdMs, target } of firstFaults(9, 500)) {
      expect(pauseMs).toBeGreaterThanOrEqual(500);
      expect(pauseMs).toBeLessThanOrEqual(2_500);
      expect(holdMs).toBeGreaterThanOrEqual(0);
      expect(holdMs).toBeLessThanOrEqual(7_000);
      expect(target).toBeGreaterThanOrEqual(0);
      expect(target).toBeLessThan(1);
    }
  });
});
