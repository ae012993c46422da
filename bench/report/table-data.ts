import type { ContenderName } from '../contenders';
import type { DescribedContender, Results, SectionResult } from '../results/results';
import { figuresIn } from '../results/results';
import type { FigureName, Work } from '../results/sample';
import { ratioOf, type Spread, spreadOf } from '../statistics';
import { digits, spreadText, times, whole } from './figures';
import type { Verdict } from './targets';

/** A table for a terminal or a page. */
export interface TableData {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const UNKNOWN = 'not measured';

export function targetTable(verdicts: readonly Verdict[]): TableData {
  return {
    head: ['work', 'against', 'target', 'measured', 'met'],
    rows: verdicts.map(({ target, measured, isMet }) => [
      target.work,
      target.against,
      `${target.bound} ${target.format === times ? `${target.limit} ×` : target.format(target.limit)}`,
      measured === undefined ? UNKNOWN : spreadText(measured, target.format),
      isMet === undefined ? '' : isMet ? 'yes' : 'no',
    ]),
  };
}

export type ThroughputWork = 'enqueue' | 'enqueueMany' | 'consume';

export type ThroughputSection = 'throughput' | 'telemetry';

/** What one contender reaches, round by round. */
export interface ThroughputLine {
  readonly contender: DescribedContender;
  readonly label: string;
  readonly perSecond: readonly number[];
  readonly cpuMicros: readonly number[];
}

/** Those who do the work; code by hand, which has no call for many, sends them one by one beside those who have. */
export function throughputLines(
  results: Results,
  work: ThroughputWork,
  name: ThroughputSection = 'throughput',
): readonly ThroughputLine[] {
  const section = results.sections.find((each) => each.section === name);
  return (section?.environment.contenders ?? []).flatMap((contender): readonly ThroughputLine[] => {
    const isOneByOne = work === 'enqueueMany' && contender.name === 'amqplib';
    const of = (figure: FigureName) =>
      figuresIn(results, {
        section: name,
        work: isOneByOne ? 'enqueue' : work,
        contender: contender.name,
        figure,
      });
    if (of('perSecond').length === 0) return [];
    const label = isOneByOne ? `${contender.label}, one by one` : contender.label;
    return [{ contender, label, perSecond: of('perSecond'), cpuMicros: of('cpuMicros') }];
  });
}

/** How all contenders do the same, beside what is safe then. */
export function throughputTable(results: Results, work: ThroughputWork, section?: ThroughputSection): TableData {
  const lines = throughputLines(results, work, section);
  const own = lines.find(({ contender }) => contender.name === 'warren')?.perSecond ?? [];
  const rows = lines.map(({ contender, label, perSecond, cpuMicros }) => [
    label,
    spreadText(spreadOf(perSecond), whole),
    spreadText(spreadOf(cpuMicros), digits),
    contender.name === 'warren' || own.length === 0 ? '' : spreadText(ratioOf(own, perSecond), times),
    work === 'consume' ? contender.durability.consume : contender.durability.enqueue,
  ]);
  return { head: [work, 'messages/s', 'client CPU µs/message', 'Warren : this', 'durability'], rows };
}

export function latencyTable(results: Results): TableData | undefined {
  const section = results.sections.find((each) => each.section === 'latency');
  if (section === undefined) return undefined;
  const spread = (contender: ContenderName, figure: FigureName): string => {
    const values = figuresIn(results, { section: 'latency', work: 'latency', contender, figure });
    return values.length === 0 ? UNKNOWN : spreadText(spreadOf(values), figure === 'perSecond' ? whole : digits);
  };
  return {
    head: ['from enqueue to start', 'p50 ms', 'p99 ms', 'messages/s'],
    rows: labelsOf(section, ['warren', 'amqplib']).map(({ name, label }) => [
      label,
      spread(name, 'p50Millis'),
      spread(name, 'p99Millis'),
      spread(name, 'perSecond'),
    ]),
  };
}

/** What only Warren does. */
export function singleTable(
  results: Results,
  section: 'retries' | 'start-up' | 'validation',
  lines: readonly { readonly label: string; readonly work: Work; readonly figure: FigureName }[],
  format: (value: number) => string,
): TableData | undefined {
  if (!results.sections.some((each) => each.section === section)) return undefined;
  const rows = lines.map(({ label, work, figure }) => {
    const values = figuresIn(results, { section, work, contender: 'warren', figure });
    return [label, values.length === 0 ? UNKNOWN : spreadText(spreadOf(values), format)];
  });
  return { head: [section, 'measured'], rows };
}

const labelsOf = ({ environment }: SectionResult, names: readonly ContenderName[]): readonly DescribedContender[] =>
  environment.contenders.filter(({ name }) => names.includes(name));

/** One row for each value of what grows. */
export interface GrowthPoint {
  readonly at: number;
  readonly perSecond: Spread;
  readonly cpuMicros: Spread;
}

export function growthTable(axis: string, own: readonly GrowthPoint[], other: readonly GrowthPoint[]): TableData {
  const rows = own.map(({ at, perSecond, cpuMicros }) => {
    const compared = other.find((point) => point.at === at);
    return [
      whole(at),
      spreadText(perSecond, whole),
      compared === undefined ? UNKNOWN : spreadText(compared.perSecond, whole),
      compared === undefined ? '' : times(perSecond.median / compared.perSecond.median),
      spreadText(cpuMicros, digits),
      compared === undefined ? UNKNOWN : spreadText(compared.cpuMicros, digits),
    ];
  });
  return {
    head: [axis, 'Warren, tasks/s', 'amqplib by hand', 'ratio', 'Warren, CPU µs/task', 'amqplib by hand'],
    rows,
  };
}
