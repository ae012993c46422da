import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_FOLDER } from '../test/support/project-folder';
import { SHORT } from './sections';
import { SECTION_NAMES, type SectionName } from './sections/section';

export interface BenchOptions {
  readonly rounds: number;
  readonly isFull: boolean;
  /** What is measured, in the order of measuring. Empty: nothing, the report is made of what was measured before. */
  readonly sections: readonly SectionName[];
  /** Sections that the results have already, measured to the same extent, are not measured again. */
  readonly isResumed: boolean;
  readonly scale: number;
  /** A broker that runs already. `undefined`: one is started. */
  readonly url: string | undefined;
  readonly redis: string | undefined;
  /** The file that results are kept in. */
  readonly results: string;
  readonly json: boolean;
  readonly report: boolean;
}

const DEFAULT_ROUNDS = 5;
/** Not where the build writes, so that a build keeps it. */
const DEFAULT_RESULTS = join('.cache', 'bench', 'results.json');

export const USAGE = `npm run bench -- [options]
Measures ${SHORT.join(' and ')} of all contenders; takes a few minutes.
  --full          every section, more messages each; takes about forty minutes
  --only A,B      these sections alone: ${SECTION_NAMES.join(', ')}
  --report        writes docs/benchmarks.md and its charts; without --full or --only, from the results that are there
  --resume        does not measure again what the results have to the same extent, so that an interrupted run goes on
  --rounds N      interleaved rounds, 1 to 1000 (default ${DEFAULT_ROUNDS}; sections that show growth have three at most)
  --scale F       all counts times F, 0.001 to 100 (default 1)
  --url URL       a RabbitMQ that runs already (default: one is started for the run)
  --redis URL     a Redis that runs already (default: redis-server is started for the run, if it is installed)
  --results FILE  where results are kept, section by section (default ${DEFAULT_RESULTS})
  --json          prints the results, every single measurement, as JSON instead of the table
  --help          this text
Ctrl-C ends it, with its servers; sections that were finished are kept.`;

/** @returns `undefined` when help is asked for. @throws Error that names the option. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: flag,
      only: text,
      report: flag,
      resume: flag,
      rounds: text,
      scale: text,
      url: text,
      redis: text,
      results: text,
      json: flag,
      help: flag,
    },
  });
  if (values.help) return undefined;
  const only = sectionsOf(values.only);
  return {
    rounds: whole('--rounds', values.rounds, 1, 1_000) ?? DEFAULT_ROUNDS,
    isFull: values.full,
    sections: only ?? (values.full ? SECTION_NAMES : values.report ? [] : SHORT),
    isResumed: values.resume,
    scale: number('--scale', values.scale, 0.001, 100) ?? 1,
    url: values.url,
    redis: values.redis,
    results: values.results ?? join(PROJECT_FOLDER, DEFAULT_RESULTS),
    json: values.json,
    report: values.report,
  };
}

function sectionsOf(text: string | undefined): readonly SectionName[] | undefined {
  if (text === undefined) return undefined;
  const asked = text.split(',').map((name) => name.trim());
  const unknown = asked.filter((name) => !SECTION_NAMES.some((each) => each === name));
  if (unknown.length > 0) {
    throw new Error(`--only must name sections (${SECTION_NAMES.join(', ')}), got "${unknown.join('", "')}"`);
  }
  return SECTION_NAMES.filter((name) => asked.includes(name));
}

const number = (name: string, text: string | undefined, min: number, max: number): number | undefined =>
  checked(name, text, (value) => value >= min && value <= max, `a number from ${min} to ${max}`);

const whole = (name: string, text: string | undefined, min: number, max: number): number | undefined =>
  checked(
    name,
    text,
    (value) => Number.isInteger(value) && value >= min && value <= max,
    `a whole number from ${min} to ${max}`,
  );

function checked(
  name: string,
  text: string | undefined,
  isGood: (value: number) => boolean,
  expected: string,
): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text.replaceAll('_', ''));
  if (isGood(value)) return value;
  throw new Error(`${name} must be ${expected}, got "${text}"`);
}
