import { judge, TARGETS } from '../../../bench/report/targets';
import { rates, resultsOf, rounds, sectionResult } from './results-story';

const verdictOn = (results: Parameters<typeof judge>[0], work: string) =>
  judge(results).find(({ target }) => target.work.startsWith(work));

describe('the targets of the benchmark', () => {
  it('are told apart from what was not measured', () => {
    const verdicts = judge(resultsOf());
    expect(verdicts).toHaveLength(TARGETS.length);
    for (const { measured, isMet } of verdicts) expect([measured, isMet]).toEqual([undefined, undefined]);
  });

  it.each([
    [13_000, true],
    [12_900, false],
  ])('of at least 1.3 × 10,000/s: %d/s meets it: %s', (perSecond, isMet) => {
    const samples = [
      ...rounds('consume', 'warren', rates(perSecond, perSecond, perSecond)),
      ...rounds('consume', 'amqplib', rates(9_000, 10_000, 11_000)),
    ];
    expect(verdictOn(resultsOf(sectionResult('throughput', samples)), 'consume a backlog')).toMatchObject({ isMet });
  });

  it.each([
    [11, true],
    [11.2, false],
  ])('of at most 1.1 × 10 ms: %d ms meets it: %s', (p99Millis, isMet) => {
    const samples = [
      ...rounds('latency', 'warren', [{ p50Millis: 1, p99Millis }]),
      ...rounds('latency', 'amqplib', [{ p50Millis: 1, p99Millis: 10 }]),
    ];
    const results = resultsOf(sectionResult('latency', samples));
    expect(judge(results).find(({ target }) => target.work.endsWith('p99'))).toMatchObject({ isMet });
  });

  it('compare the memory of a million tasks with that of the first tenth', () => {
    const samples = rounds('consume', 'warren', [{ rssAtTenthMiB: 100, rssHighestMiB: 111 }], 1_000_000);
    const verdict = verdictOn(resultsOf(sectionResult('memory', samples)), 'resident memory');
    expect(verdict).toMatchObject({ measured: { median: 1.11 }, isMet: false });
  });

  it('know absolute bounds', () => {
    const samples = rounds('startUpPresent', 'warren', [{ seconds: 0.7 }, { seconds: 0.9 }, { seconds: 1.4 }]);
    const verdict = verdictOn(resultsOf(sectionResult('start-up', samples)), 'start-up');
    expect(verdict).toMatchObject({ measured: { median: 0.9, max: 1.4 }, isMet: true });
  });
});
