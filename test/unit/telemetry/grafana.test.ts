import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { METRIC_NAMES, METRICS, prometheusName } from '../../../src/telemetry/metrics/metric-definitions';

const folder = join(__dirname, '../../../docs/grafana');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

interface Dashboard {
  readonly panels: readonly {
    readonly type: string;
    readonly title: string;
    readonly description?: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}

const dashboard = JSON.parse(read('warren.json')) as Dashboard;
const alerts = (
  parse(read('alerts.yaml')) as { groups: { rules: { alert: string; expr: string; annotations: object }[] }[] }
).groups.flatMap(({ rules }) => rules);
const triggers = (parse(read('keda.yaml')) as { spec: { triggers: { name: string; metadata: { query: string } }[] } })
  .spec.triggers;

/** Every expression of the folder, with what Grafana fills in. */
const expressions: readonly (readonly [where: string, expr: string])[] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`panel "${title}"`, filled(expr)] as const),
  ),
  ...alerts.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ...triggers.map(({ name, metadata }) => [`trigger ${name}`, metadata.query] as const),
];

function filled(expr: string): string {
  return expr.replaceAll('$__rate_interval', '5m').replaceAll('$queue', '.*');
}

/** The metrics that an expression names, and where it is none of PromQL. */
function lookInto(expr: string): { readonly metrics: readonly string[]; readonly errors: readonly string[] } {
  const metrics: string[] = [];
  const errors: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) errors.push(expr.slice(Math.max(0, from - 10), to + 10));
      if (type.name === 'VectorSelector') metrics.push(expr.slice(from, to).split('{', 1)[0] ?? '');
    },
  });
  return { metrics, errors };
}

/** The names that are on a scrape: a histogram has three. */
const known = new Set(
  METRIC_NAMES.flatMap((name) => {
    const base = prometheusName(name);
    return METRICS[name].kind === 'histogram' ? [`${base}_bucket`, `${base}_sum`, `${base}_count`] : [base];
  }),
);

it('finds what is wrong with an expression', () => {
  expect(lookInto('sum by (queue) (rate(a_total{queue=~".*"}[5m]))')).toEqual({ metrics: ['a_total'], errors: [] });
  expect(lookInto('sum by (queue) (rate(a_total[5m])').errors).not.toEqual([]);
});

it.each(expressions)('%s is PromQL over metrics that the code has', (_where, expr) => {
  const { metrics, errors } = lookInto(expr);
  expect(errors).toEqual([]);
  expect(metrics.length).toBeGreaterThan(0);
  expect(metrics.filter((metric) => !known.has(metric))).toEqual([]);
});

it('the dashboard shows every metric, and says what each panel is', () => {
  const shown = new Set(
    dashboard.panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => lookInto(filled(expr)).metrics)),
  );
  const missing = METRIC_NAMES.map(prometheusName).filter(
    (base) => ![base, `${base}_bucket`, `${base}_sum`].some((name) => shown.has(name)),
  );
  // What says the same as another: utilization over time is made of run times; those that ended well are no trouble.
  expect(missing).toEqual([
    'warren_tasks_snoozed_total',
    'warren_tasks_discarded_total',
    'warren_tasks_isolated_total',
    'warren_worker_utilization_ratio',
  ]);
  expect(dashboard.panels.filter(({ type, description = '' }) => type !== 'row' && description === '')).toEqual([]);
});

it('there is an alert for each thing that nobody may sleep through, and it says what to do', () => {
  expect(alerts.map(({ alert }) => alert)).toEqual([
    'WarrenDeadLettersRising',
    'WarrenOldestTaskTooOld',
    'WarrenNoConsumer',
    'WarrenRetryStorm',
    'WarrenDelayedTasksUnrouted',
    'WarrenCrashLoop',
    'WarrenPublishersBlocked',
  ]);
  for (const { annotations } of alerts) expect(Object.keys(annotations)).toEqual(['summary', 'remedy']);
});

// Prometheus' own tool says more than a parser: types, templates, and when an alert fires. Where Debian's package
// "prometheus" is not installed, the expressions have been parsed above all the same.
const promtool = spawnSync('promtool', ['--version']).status === 0;

it(`alerts ${promtool ? 'fire when they should, by promtool' : 'are parsed only: install Debian’s package "prometheus" for promtool'}`, () => {
  if (!promtool) return;
  const cwd = __dirname;
  const checked = spawnSync('promtool', ['check', 'rules', join(folder, 'alerts.yaml')], { cwd, encoding: 'utf8' });
  expect({ status: checked.status, stderr: checked.stderr }).toEqual({ status: 0, stderr: '' });
  const tested = spawnSync('promtool', ['test', 'rules', 'alerts.promtool.yaml'], { cwd, encoding: 'utf8' });
  expect({ status: tested.status, stdout: tested.status === 0 ? '' : tested.stdout + tested.stderr }).toEqual({
    status: 0,
    stdout: '',
  });
});
