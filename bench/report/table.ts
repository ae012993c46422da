import Table from 'cli-table3';
import type { Results } from '../results/results';
import { versionsText } from './page';
import { pageParts } from './parts';
import type { TableData } from './table-data';
import { judge } from './targets';

/** The results as tables for a terminal. */
export function formatTable(results: Results): string {
  const environment = results.sections.at(-1)?.environment;
  if (environment === undefined) return 'Nothing has been measured yet.\n';
  const heading = [
    versionsText(environment.contenders),
    `${environment.servers.join(', ')}, Node.js ${environment.node}, ${environment.machine}`,
    'Each figure: median (lowest to highest of the rounds).',
  ];
  const verdicts = judge(results).filter(({ measured }) => measured !== undefined);
  const parts = pageParts(results, verdicts).map(({ title, tables, findings = [] }) =>
    [title.toUpperCase(), ...tables.map(textTable), ...findings].join('\n'),
  );
  const failures = results.sections.flatMap(({ section, failures: all }) => all.map((what) => `${section}: ${what}`));
  const failed = failures.length === 0 ? [] : [['Could not be measured:', ...failures].join('\n')];
  return `${[heading.join('\n'), ...parts, ...failed].join('\n\n')}\n`;
}

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((name) => [name, '']),
);

function textTable({ head, rows }: TableData): string {
  const table = new Table({
    head: [...head],
    chars: { ...NO_LINES, middle: '   ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push([...row]);
  return table.toString().replaceAll(/ +$/gm, '');
}
