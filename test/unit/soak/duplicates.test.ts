import { countDuplicates, repeatedBy } from '../../soak/duplicates';
import { Story } from './story';

const run = (slot: string, attempt: number) => ({ slot, attempt, at: 0 });

describe('the runs that were too many', () => {
  it('are none when each attempt ran once', () => {
    expect(repeatedBy([run('worker-1', 1), run('worker-2', 2), run('worker-1', 3)], 0)).toEqual([]);
  });

  it('are put down to the worker that ran the attempt before', () => {
    expect(repeatedBy([run('worker-1', 1), run('worker-2', 1), run('worker-3', 1)], 0)).toEqual([
      'worker-1',
      'worker-2',
    ]);
  });

  it('count once for a copy that brings its later attempts along', () => {
    const runs = [run('worker-1', 1), run('worker-2', 1), run('worker-1', 2), run('worker-2', 2)];
    expect(repeatedBy(runs, 0)).toHaveLength(1);
  });

  it('are not those that a snooze asked for', () => {
    const runs = [run('worker-1', 1), run('worker-1', 1), run('worker-1', 1)];
    expect(repeatedBy(runs, 2)).toEqual([]);
    expect(repeatedBy(runs, 1)).toHaveLength(1);
  });
});

describe('the count of duplicates', () => {
  const twice = (): Story => new Story(2).begun(0, 'worker-1').ran(0, 'completed', 'worker-2').ran(1, 'completed');

  it('explains a second run by what its first worker lost', () => {
    const { ledger } = twice().lost('deliveries', 40, 'worker-1');
    expect(countDuplicates(ledger)).toEqual({
      copies: 1,
      distribution: { 2: 1 },
      workers: { 'worker-1': { copies: 1, lostDeliveries: 40 } },
      doubtfulPublishes: 0,
      unexplained: 0,
    });
  });

  it('explains it by a publish whose confirm was lost', () => {
    expect(countDuplicates(twice().lost('confirms', 1, 'producer-1').ledger).unexplained).toBe(0);
  });

  it('does not explain it by what another worker lost', () => {
    expect(countDuplicates(twice().lost('deliveries', 40, 'worker-2').ledger).unexplained).toBe(1);
  });
});
