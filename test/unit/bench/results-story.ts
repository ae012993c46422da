import type { ContenderName } from '../../../bench/contenders';
import type { Environment, Results, SectionResult } from '../../../bench/results/results';
import type { Figures, Sample, Work } from '../../../bench/results/sample';
import type { SectionName } from '../../../bench/sections/section';

const durability = (name: string) => ({ enqueue: `${name} keeps it`, consume: `${name} acknowledges it` });

export const ENVIRONMENT: Environment = {
  machine: '2 × Example CPU, 8 GiB',
  system: 'Linux 6.1',
  node: '20.19.0',
  servers: ['RabbitMQ 4.3.6', 'Redis 7.0.15 (appendonly yes)'],
  contenders: [
    { name: 'warren', label: 'Warren', version: '1.2.3', durability: durability('Warren') },
    { name: 'amqplib', label: 'amqplib by hand', version: '2.3.1', durability: durability('amqplib') },
  ],
  commit: 'abc1234',
  load: 0.5,
};

export function sectionResult(section: SectionName, samples: readonly Sample[]): SectionResult {
  return {
    section,
    measuredAt: '2026-11-25T12:00:00.000Z',
    minutes: 2,
    rounds: 3,
    isFull: true,
    scale: 1,
    environment: ENVIRONMENT,
    samples,
    failures: [],
  };
}

export const resultsOf = (...sections: readonly SectionResult[]): Results => ({ sections });

/** A sample for each of some figures, one a round. */
export const rounds = (work: Work, contender: ContenderName, figures: readonly Figures[], at?: number) =>
  figures.map(
    (each, index): Sample => ({
      work,
      contender,
      round: index + 1,
      figures: each,
      ...(at === undefined ? {} : { at }),
    }),
  );

export const rates = (...perSecond: readonly number[]): readonly Figures[] =>
  perSecond.map((each) => ({ perSecond: each, cpuMicros: 1_000_000 / each }));
