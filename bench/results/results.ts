import type { ContenderName } from '../contenders';
import type { Durability } from '../contenders/contender';
import type { SectionName } from '../sections/section';
import type { FigureName, Sample, Work } from './sample';

export interface DescribedContender {
  readonly name: ContenderName;
  readonly label: string;
  readonly version: string;
  readonly durability: Durability;
}

/** Where a section was measured, and what. */
export interface Environment {
  readonly machine: string;
  readonly system: string;
  readonly node: string;
  /** What keeps the tasks: "RabbitMQ 4.3.6". */
  readonly servers: readonly string[];
  readonly contenders: readonly DescribedContender[];
  /** The commit of Warren, with a plus where files were changed after it; `unknown` outside of a repository. */
  readonly commit: string;
  /** Processes that wanted a core when it began, over a minute: beside a figure above 1, others were at work. */
  readonly load: number;
}

export interface SectionResult {
  readonly section: SectionName;
  /** ISO 8601. */
  readonly measuredAt: string;
  readonly minutes: number;
  readonly rounds: number;
  readonly isFull: boolean;
  readonly scale: number;
  readonly environment: Environment;
  readonly samples: readonly Sample[];
  /** What could not be measured, in words. */
  readonly failures: readonly string[];
}

export interface Results {
  /** One for each section, in the order of the sections. */
  readonly sections: readonly SectionResult[];
}

/** Which samples are meant. */
export interface Selection {
  readonly section: SectionName;
  readonly work: Work;
  readonly contender: ContenderName;
  readonly figure: FigureName;
  /** @defaultValue only what is on no axis */
  readonly at?: number | 'anywhere';
}

/** A figure round by round; empty where it was not measured. */
export function figuresIn(results: Results, { section, work, contender, figure, at }: Selection): readonly number[] {
  const samples = results.sections.find((each) => each.section === section)?.samples ?? [];
  return samples
    .filter((sample) => sample.work === work && sample.contender === contender)
    .filter((sample) => at === 'anywhere' || sample.at === at)
    .toSorted((a, b) => a.round - b.round)
    .flatMap(({ figures }) => figures[figure] ?? []);
}

/** Whether a section is there, complete, and measured to that extent. */
export function isMeasured(
  { sections }: Results,
  name: SectionName,
  extent: Pick<SectionResult, 'rounds' | 'isFull' | 'scale'>,
): boolean {
  const found = sections.find(({ section }) => section === name);
  if (found === undefined || found.failures.length > 0) return false;
  return found.rounds === extent.rounds && found.isFull === extent.isFull && found.scale === extent.scale;
}
