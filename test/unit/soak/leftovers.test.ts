import { parseCounts } from '../../soak/leftovers';

describe('the counts of rabbitmqctl', () => {
  it('name the queues that are not empty', () => {
    expect([...parseCounts('soak\t0\nwarren.delay.02\t65\nsoak.dead\t190\n')]).toEqual([
      ['warren.delay.02', 65],
      ['soak.dead', 190],
    ]);
  });

  it('are read past lines that are none', () => {
    expect(parseCounts('Timeout: 60.0 seconds ...\n\n').size).toBe(0);
  });
});
