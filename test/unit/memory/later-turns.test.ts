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
    let fired = false;
    await new Promise<void>((resolve) => {
      const again = (): void => {
        // Without a turn for timers it would go on until here, and nothing could end the test.
        if (fired || ++rounds === 1_000_000) resolve();
        else turns.run(again);
      };
      setTimeout(() => {
        fired = true;
      }, 0);
      again();
    });
    expect(fired).toBe(true);
  });
});
