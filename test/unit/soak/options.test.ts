import { DEFAULT_SOAK_OPTIONS, parseSoakOptions } from '../../soak/options';

describe('the options of the soak', () => {
  it('have defaults', () => {
    expect(parseSoakOptions([])).toEqual({ ...DEFAULT_SOAK_OPTIONS, seed: undefined, json: false });
  });

  it('are read', () => {
    const args = '--tasks 3000 --minutes 0.5 --seed 7 --workers 2 --producers 1 --series 3.10 --patience 20 --json';
    expect(parseSoakOptions(args.split(' '))).toEqual({
      tasks: 3_000,
      minutes: 0.5,
      seed: 7,
      workers: 2,
      producers: 1,
      series: '3.10',
      patience: 20,
      json: true,
    });
  });

  it('may ask for help', () => {
    expect(parseSoakOptions(['--help'])).toBeUndefined();
  });

  it.each([
    ['--tasks', '150.5', '--tasks must be a whole number from 100 to 10000000, got "150.5"'],
    ['--minutes', 'soon', '--minutes must be a number from 0.1 to 1440, got "soon"'],
    ['--series', '2', '--series must be 3.10 or 4.3, got "2"'],
    ['--patience', '1', '--patience must be a number from 10 to 3600, got "1"'],
  ])('refuse %s %s by name', (name, value, message) => {
    expect(() => parseSoakOptions([name, value])).toThrow(message);
  });
});
