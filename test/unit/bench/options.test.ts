import { parseBenchOptions, USAGE } from '../../../bench/options';
import { SECTION_NAMES } from '../../../bench/sections/section';

describe('the options of the benchmark', () => {
  it('measure a short part in five rounds when nothing is asked for', () => {
    expect(parseBenchOptions([])).toMatchObject({
      rounds: 5,
      isFull: false,
      sections: ['throughput', 'latency'],
      scale: 1,
      report: false,
    });
  });

  it('measure everything with --full', () => {
    expect(parseBenchOptions(['--full'])).toMatchObject({ isFull: true, sections: SECTION_NAMES });
  });

  it('measure the sections that are named, in their own order', () => {
    expect(parseBenchOptions(['--full', '--only', 'retries, latency'])?.sections).toEqual(['latency', 'retries']);
  });

  it('measure nothing for a report alone', () => {
    expect(parseBenchOptions(['--report'])).toMatchObject({ report: true, sections: [] });
  });

  it('are not there when help is asked for', () => {
    expect(parseBenchOptions(['--help'])).toBeUndefined();
    for (const name of SECTION_NAMES) expect(USAGE).toContain(name);
  });

  it.each([
    [['--only', 'latency,speed'], '"speed"'],
    [['--rounds', '0'], '--rounds must be a whole number from 1 to 1000, got "0"'],
    [['--rounds', '1.5'], '--rounds must be a whole number'],
    [['--scale', ''], '--scale must be a number'],
    [['--fast'], '--fast'],
  ])('%j is refused by name', (args, message) => {
    expect(() => parseBenchOptions(args)).toThrow(message);
  });
});
