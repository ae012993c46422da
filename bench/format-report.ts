import { WORKLOADS } from './contenders/contender';
import type { Line, Report } from './report';
import type { Spread } from './statistics';

/** The report as a table for people. */
export function formatReport(report: Report): string {
  const { machine, node, broker, settings, results } = report;
  const contenders = results.enqueue.map(({ label, version }) => `${label} ${version}`).join(', ');
  const heading = [
    `${contenders}; ${broker}, Node.js ${node}, ${machine}`,
    `${settings.rounds} interleaved rounds of ${whole(settings.messages)} messages of ${settings.payloadBytes} bytes, ` +
      `quorum queues, ${whole(settings.inFlight)} in flight, prefetch ${settings.prefetch}`,
    'Each figure: median (lowest to highest). CPU: user and system time of the client process.',
  ];
  const tables = WORKLOADS.map((workload) =>
    aligned([[workload, 'messages/s', 'CPU µs/message', 'durability'], ...rowsOf(results[workload])]),
  );
  return `${[heading.join('\n'), ...tables].join('\n\n')}\n`;
}

function rowsOf(lines: readonly Line[]): readonly (readonly string[])[] {
  const measured = lines.map(({ label, figures, durability }) => [
    label,
    spread(figures.messagesPerSecond, whole),
    spread(figures.cpuMicrosPerMessage, tenths),
    durability,
  ]);
  const compared = lines.flatMap(({ label, ratios }) =>
    ratios === undefined
      ? []
      : [
          [
            `${lines[0]?.label} : ${label}`,
            spread(ratios.messagesPerSecond, ratio),
            spread(ratios.cpuMicrosPerMessage, ratio),
            '',
          ],
        ],
  );
  return [...measured, ...compared];
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

const spread = ({ median, min, max }: Spread, format: (value: number) => string): string =>
  `${format(median)} (${format(min)} to ${format(max)})`;

export const whole = (value: number): string => Math.round(value).toLocaleString('en');
export const tenths = (value: number): string => value.toFixed(1);
const ratio = (value: number): string => `${value.toFixed(2)} ×`;
