import type { Leftovers } from '../../soak/leftovers';
import type { PlannedTask, TaskKind } from '../../soak/task-plan';
import { judge, type Verdict } from '../../soak/verdict';
import { Story } from './story';

const NOTHING: Leftovers = { dead: new Map(), queued: new Set(), foreign: 0, held: new Map() };

function verdictOn(story: Story, kind: TaskKind, leftovers: Partial<Leftovers> = {}): Verdict {
  const planOf = (index: number): PlannedTask => ({ index, kind, failures: 0, workMs: 0, delayMs: 0 });
  return judge(story.ledger, { ...NOTHING, ...leftovers }, planOf);
}

describe('the verdict on what became of tasks', () => {
  it('calls a confirmed task lost that nothing completed and no queue holds', () => {
    const story = new Story(3).confirmed(0).ran(0, 'completed').confirmed(1).confirmed(2).begun(2);
    expect(verdictOn(story, 'completes').lost).toEqual([1, 2]);
  });

  it('calls a task lost that finally failed and is in no dead-letter queue', () => {
    const story = new Story(2).confirmed(0).ran(0, 'gave-up').confirmed(1).ran(1, 'gave-up');
    const dead = new Map([[0, { copies: 1, reason: 'failed' }]]);
    expect(verdictOn(story, 'gives-up', { dead }).lost).toEqual([1]);
  });

  it('does not call lost what was never confirmed, or still stands in a queue', () => {
    const story = new Story(2).confirmed(0);
    expect(verdictOn(story, 'completes', { queued: new Set([0]) }).lost).toEqual([]);
  });

  it.each([
    ['completes', 'completed'],
    ['discards', 'discarded'],
  ] as const)('is content with a task that %s and was %s', (kind, outcome) => {
    const { lost, unexpected } = verdictOn(new Story(1).confirmed(0).ran(0, outcome), kind);
    expect({ lost, unexpected }).toEqual({ lost: [], unexpected: [] });
  });

  it('names a task that was dead-lettered and should have completed', () => {
    const dead = new Map([[0, { copies: 1, reason: 'crash-loop' }]]);
    expect(verdictOn(new Story(1).confirmed(0).ran(0, 'completed'), 'crashes', { dead }).unexpected).toEqual([
      { index: 0, what: 'crashes, but dead-lettered as crash-loop' },
    ]);
  });

  it('names a task that completed and should have failed', () => {
    const dead = new Map([[0, { copies: 1, reason: 'failed' }]]);
    const { unexpected } = verdictOn(new Story(1).confirmed(0).ran(0, 'completed'), 'exhausts', { dead });
    expect(unexpected).toEqual([{ index: 0, what: 'exhausts, but completed' }]);
  });

  it('tells of a hot loop: a task that begins again and again without a wait', () => {
    const story = new Story(1).confirmed(0);
    for (let run = 1; run <= 20; run++) story.begun(0).later(10);
    expect(verdictOn(story, 'completes').hotLoops).toEqual([{ index: 0, begins: 20, allowed: 6 }]);
  });
});
