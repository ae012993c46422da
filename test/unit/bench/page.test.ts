import { formatPage } from '../../../bench/report/page';
import { formatTable } from '../../../bench/report/table';
import { rates, resultsOf, rounds, sectionResult } from './results-story';

const throughput = sectionResult('throughput', [
  ...rounds('consume', 'warren', rates(15_000, 14_000, 16_000)),
  ...rounds('consume', 'amqplib', rates(10_000, 10_000, 10_000)),
]);

describe('the page of the benchmark', () => {
  const page = formatPage(resultsOf(throughput));

  it('states the durability beside each number', () => {
    expect(page).toContain('| Warren | 15,000 (14,000 to 16,000) | 66.7 (62.5 to 71.4) |  | Warren acknowledges it |');
    expect(page).toContain('| amqplib by hand | 10,000 | 100 | 1.50 × (1.40 × to 1.60 ×) | amqplib acknowledges it |');
  });

  it('states machine, versions and settings', () => {
    for (const part of ['2 × Example CPU, 8 GiB', 'RabbitMQ 4.3.6', 'Node.js 20.19.0', 'amqplib by hand 2.3.1']) {
      expect(page).toContain(part);
    }
  });

  it('says of each target whether it is met, and of what was not measured that it was not', () => {
    expect(page).toContain('| amqplib by hand | at least 1.3 × | 1.50 × (1.40 × to 1.60 ×) | yes |');
    expect(page).toContain('| BullMQ on Redis | at least 2 × | not measured |  |');
  });

  it('has a chart only of what it compares', () => {
    expect(page.match(/!\[.*\]\((.*)\)/g)).toEqual([
      '![Enqueue and consume: consume, messages/s (median and spread)](benchmarks/consume.svg)',
    ]);
  });

  it('tells what could not be measured', () => {
    const failed = { ...throughput, failures: ['bullmq, round 2: it is gone'] };
    expect(formatPage(resultsOf(failed))).toContain('- throughput: bullmq, round 2: it is gone');
  });

  it('asks for a run when nothing was measured', () => {
    expect(formatPage(resultsOf())).toContain('npm run bench -- --full --report');
  });
});

describe('the table of the benchmark', () => {
  it('says nothing of targets that were not measured', () => {
    const table = formatTable(resultsOf(throughput));
    expect(table).toContain('at least 1.3 ×   1.50 ×');
    expect(table).not.toContain('not measured');
  });

  it('has the same figures, in columns and without lines', () => {
    const lines = formatTable(resultsOf(throughput)).split('\n');
    expect(lines.find((line) => line.startsWith('amqplib by hand') && line.includes('acknowledges'))).toMatch(
      /^amqplib by hand {3}10,000 +100 +1\.50 × \(1\.40 × to 1\.60 ×\) {3}amqplib acknowledges it$/,
    );
  });
});
