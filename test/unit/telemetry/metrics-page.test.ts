import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRIC_NAMES, METRICS, prometheusName } from '../../../src/telemetry/metrics/metric-definitions';

const page = readFileSync(join(__dirname, '../../../docs/look-up/metrics.md'), 'utf8');

/** The rows of the page's table: its cells, without marks. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `warren'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  );

it('the page of metrics has every metric of the code, with its type, unit and labels', () => {
  expect(rows.map(([name, prometheus, kind, unit, labels]) => [name, prometheus, kind, unit, labels])).toEqual(
    METRIC_NAMES.map((name) => {
      const { kind, unit, labels } = METRICS[name];
      return [name, prometheusName(name), kind, unit, labels.join(', ')];
    }),
  );
});

it('every row says what is counted', () => {
  expect(rows.filter(([, , , , , what]) => (what ?? '').length < 10)).toEqual([]);
});
