import { ConfigurationError, duration } from '../../../src';

describe('duration', () => {
  it.each(['250ms', '5s', '1.5m', '2h', '7d', 5_000])('gives %p as the options take it', (text) => {
    expect(duration(text, 'ORDER_DELAY')).toBe(text);
  });

  it.each(['', '5', '5 s', '5min', '-5s', 'PT5M', undefined, Number.NaN])(
    'refuses %p, and names the variable',
    (text) => {
      const shown = typeof text === 'string' ? JSON.stringify(text) : String(text);
      expect(() => duration(text, 'ORDER_DELAY')).toThrow(ConfigurationError);
      expect(() => duration(text, 'ORDER_DELAY')).toThrow(
        `ORDER_DELAY must be '250ms', '5s', '10m', '2h', '7d' or a number of milliseconds, got ${shown}`,
      );
    },
  );
});
