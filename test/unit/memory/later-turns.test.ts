import { LaterTurns } from '../../../src/memory/later-turns';

describe('later turns', () => {
  it('run work after the caller has returned, in order', async () => {
    const turns = new LaterTurns();
    const calls: string[] = [];
    turns.run(() => calls.push('first'));
    turns.run(() => calls.push('second'));
    calls.push('caller');
    await Promise.resolve();
    expect(calls).toEqual(['caller', 'first', 'second']);
  });

  it('let timers run beside work that goes on for ever', async () => {
    const turns = new LaterTurns();
    let rounds = 0;
    let stopped = false;
    const again = (): void => {
      rounds++;
      if (!stopped) turns.run(again);
    };
    again();
    await new Promise((resolve) => setTimeout(resolve, 5));
    stopped = true;
    expect(rounds).toBeGreaterThan(64);
  });
});
