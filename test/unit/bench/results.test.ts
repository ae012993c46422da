import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figuresIn, isMeasured } from '../../../bench/results/results';
import { readResults, withSection, writeResults } from '../../../bench/results/results-file';
import { rates, resultsOf, rounds, sectionResult } from './results-story';

describe('the results of the benchmark', () => {
  const latency = sectionResult('latency', []);
  const throughput = sectionResult('throughput', rounds('consume', 'warren', rates(2, 1)));

  it('keep one of each section, in the order of the sections', () => {
    const anew = { ...throughput, minutes: 9 };
    const results = withSection(withSection(resultsOf(latency), throughput), anew);
    expect(results.sections).toEqual([anew, latency]);
  });

  it('give a figure round by round', () => {
    const samples = rounds('consume', 'warren', rates(1, 2, 3)).toReversed();
    const selection = { section: 'throughput', work: 'consume', contender: 'warren', figure: 'perSecond' } as const;
    expect(figuresIn(resultsOf(sectionResult('throughput', samples)), selection)).toEqual([1, 2, 3]);
    expect(figuresIn(resultsOf(), selection)).toEqual([]);
  });

  it.each([
    ['to the same extent', {}, true],
    ['in more rounds', { rounds: 7 }, false],
    ['with other counts', { scale: 2 }, false],
  ])('need not be measured again %s: %j, %s', (_, change, isThere) => {
    expect(isMeasured(resultsOf(latency), 'latency', { rounds: 3, isFull: true, scale: 1, ...change })).toBe(isThere);
  });

  it('are measured again where something failed or is missing', () => {
    const failed = resultsOf({ ...latency, failures: ['it did not work'] });
    expect(isMeasured(failed, 'latency', latency)).toBe(false);
    expect(isMeasured(failed, 'throughput', latency)).toBe(false);
  });

  it('survive in their file, and leave no other behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'warren-bench-test-'));
    try {
      const file = join(folder, 'results.json');
      expect(await readResults(file)).toEqual({ sections: [] });
      await writeResults(file, resultsOf(throughput));
      expect(await readResults(file)).toEqual(resultsOf(throughput));
      expect(await readdir(folder)).toEqual(['results.json']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
