import { OBSERVED } from '../contenders';
import type { Environment, Results, SectionResult } from '../results/results';
import { digits } from './figures';
import { type Part, pageParts } from './parts';
import type { TableData } from './table-data';
import { judge } from './targets';

/** Where the charts are, seen from the page. */
export const CHART_FOLDER = 'benchmarks';

/** The page of the results, as Markdown. */
export function formatPage(results: Results): string {
  return `${[...introduction(results), ...pageParts(results, judge(results)).flatMap(partText), ...method(results)].join('\n\n')}\n`;
}

function introduction({ sections }: Results): readonly string[] {
  const [first] = sections;
  if (first === undefined)
    return ['# Benchmarks', 'Nothing has been measured yet: `npm run bench -- --full --report`.'];
  return [
    '# Benchmarks',
    'Written by `npm run bench -- --full --report`; what is changed here by hand is lost with the next run. What was done ' +
      'for speed, and what profiles show, stands in [Performance](performance.md).',
    'Absolute figures are those of one machine at one time. What counts are the ratios, since all contenders took turns on ' +
      'it. Each figure is the median of the rounds, with the lowest and the highest in brackets; each ratio is that of the ' +
      'medians, with the lowest and the highest of the ratios round by round.',
    environmentList(first.environment),
  ];
}

function environmentList({ machine, system, node, servers, contenders }: Environment): string {
  return [
    `- Machine: ${machine}; ${system}; servers, senders and receivers all on it, over loopback`,
    `- Servers: ${servers.join('; ')}`,
    `- Node.js ${node}; ${versionsText(contenders)}`,
    '- Quorum queues, persistent messages, publisher confirms, payloads of five fields and 300 bytes as JSON, validated ' +
      'by class-validator in Warren and by nobody else; 1,000 messages in flight; prefetch and concurrency 100',
  ].join('\n');
}

/** Warren's variants have its version. */
export const versionsText = (contenders: Environment['contenders']): string =>
  contenders
    .filter(({ name }) => !OBSERVED.includes(name))
    .map(({ label, version }) => `${label} ${version}`)
    .join(', ');

function partText({ title, tables, charts = [], findings = [], why }: Part): readonly string[] {
  const pictures = charts.map(({ name, axis }) => `![${title}: ${axis}](${CHART_FOLDER}/${name}.svg)`);
  const bends = findings.length === 0 ? [] : [findings.map((each) => `- ${each}`).join('\n')];
  return [`## ${title}`, ...pictures, ...tables.map(markdownTable), ...bends, ...(why === undefined ? [] : [why])];
}

function markdownTable({ head, rows }: TableData): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function method({ sections }: Results): readonly string[] {
  if (sections.length === 0) return [];
  return [
    '## How it was measured',
    [
      '- Each measurement is a process of its own that loads one contender. Its CPU time is the user and system time of ' +
        'that process. A quarter as many messages again, 5,000 at most, go before what is measured.',
      '- Contenders take turns, round by round: what else the machine does troubles all of them alike.',
      '- Every contender is written as its own documentation shows, one file each in `bench/contenders`.',
      '- "Enqueue" is awaited one by one by 1,000 callers; "enqueueMany" is one call after another with 1,000 items each.',
      '- The hop rate is that of messages which all wait in one level of the delay ladder before the first comes home.',
      '- After each measurement the queues must hold what they should: nothing, mostly. Else it does not count.',
      '- A million tasks are measured in one round, growth in three at most, with fewer messages where each takes long.',
    ].join('\n'),
    markdownTable({
      head: ['section', 'measured at', 'minutes', 'rounds', 'counts', 'load before', 'Warren at'],
      rows: sections.map(sectionRow),
    }),
    ...failureText(sections),
  ];
}

const sectionRow = ({ section, measuredAt, minutes, rounds, isFull, scale, environment }: SectionResult) => [
  section,
  measuredAt.slice(0, 16).replace('T', ' '),
  digits(minutes),
  String(rounds),
  `${isFull ? 'full' : 'short'}${scale === 1 ? '' : ` × ${scale}`}`,
  digits(environment.load),
  environment.commit,
];

function failureText(sections: readonly SectionResult[]): readonly string[] {
  const failures = sections.flatMap(({ section, failures: all }) => all.map((what) => `- ${section}: ${what}`));
  return failures.length === 0 ? [] : ['What could not be measured:', failures.join('\n')];
}
