import { Ledger } from '../../soak/ledger';
import { Story } from './story';

describe('the ledger of a run', () => {
  it('counts tasks, not times', () => {
    const { ledger } = new Story(3).confirmed(0).confirmed(0).ran(0, 'completed').ran(0, 'completed').confirmed(1);
    expect(ledger).toMatchObject({ sent: 2, confirmed: 2, completed: 1, ended: 1 });
    expect(ledger.runsOf(0)).toHaveLength(2);
  });

  it('counts a task as spent when its last attempt fails, or it gives up', () => {
    const { ledger } = new Story(3)
      .ran(0, 'failed', 'worker-1', 2)
      .ran(1, 'failed', 'worker-1', 3)
      .ran(2, 'gave-up', 'worker-1', 1);
    expect([0, 1, 2].map(ledger.isSpent)).toEqual([false, true, true]);
    expect(ledger).toMatchObject({ spent: 2, ended: 2 });
  });

  it('names the first tasks that have not ended', () => {
    const { ledger } = new Story(5).ran(1, 'completed').ran(2, 'discarded').ran(3, 'snoozed');
    expect(ledger.notEnded(2)).toEqual([0, 3]);
    expect(ledger.notEnded(10)).toEqual([0, 3, 4]);
  });

  it('adds up what each worker lost, and every doubtful publish', () => {
    const { ledger } = new Story(1)
      .lost('deliveries', 40, 'worker-1')
      .lost('deliveries', 40, 'worker-1')
      .lost('deliveries', 40, 'worker-2')
      .lost('confirms', 7, 'worker-2');
    expect(ledger.lostDeliveriesOf('worker-1')).toBe(80);
    expect(ledger.lostDeliveriesOf('worker-2')).toBe(40);
    expect(ledger.lostDeliveriesOf('worker-3')).toBe(0);
    expect(ledger.doubtfulPublishes).toBe(7);
  });

  it('tells when a slot completed something, in order', () => {
    const { ledger } = new Story(2).later(500).ran(0, 'completed').later(250).ran(1, 'completed');
    expect(ledger.completionsOf('worker-1')).toEqual([1_500, 1_750]);
    expect(ledger.lastCompletionOf('worker-1')).toBe(1_750);
    expect(ledger.lastCompletionOf('worker-2')).toBe(0);
  });

  it('refuses a task that the run does not have', () => {
    expect(() => new Ledger(5, 3).take('producer-1', { kind: 'sent', index: 5, at: 1 })).toThrow('only 5');
  });
});
