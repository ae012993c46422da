import { randomUUID } from 'node:crypto';
import { CONTENDER_NAMES, type ContenderName, loadContender } from './contenders';
import { type Target, WORKLOADS, type Workload } from './contenders/contender';
import { measure } from './measure';
import type { Measurement } from './measurement';

/** Every measurement of a run, in the order of its rounds. */
export type Results = Readonly<Record<Workload, ReadonlyMap<ContenderName, readonly Measurement[]>>>;

export interface RoundsOptions {
  readonly url: string;
  readonly rounds: number;
  readonly messages: number;
  /** Told after each contender of each round. */
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly round: number;
  readonly contender: ContenderName;
  readonly measured: Readonly<Record<Workload, Measurement>>;
}

/** Lets the contenders take turns, A B A B …, so that what the machine does meanwhile troubles all of them alike. */
export async function runRounds(options: RoundsOptions): Promise<Results> {
  const measured = CONTENDER_NAMES.map((contender) => ({ contender, rounds: [] as Record<Workload, Measurement>[] }));
  for (let round = 1; round <= options.rounds; round++) {
    for (const { contender, rounds } of measured) {
      const result = await measureOnce(contender, options);
      rounds.push(result);
      options.onProgress({ round, contender, measured: result });
    }
  }
  const of = (workload: Workload) =>
    new Map(measured.map(({ contender, rounds }) => [contender, rounds.map((round) => round[workload])]));
  return { enqueue: of('enqueue'), consume: of('consume') };
}

/** Sends messages, then drains them, in a queue of their own. */
async function measureOnce(contender: ContenderName, options: RoundsOptions): Promise<Record<Workload, Measurement>> {
  const { url, messages } = options;
  const target: Target = { url, queue: `bench-${contender}-${randomUUID()}` };
  const found: Partial<Record<Workload, Measurement>> = {};
  let left: number;
  try {
    for (const workload of WORKLOADS) found[workload] = await measure({ contender, workload, target, messages });
  } finally {
    left = await (await loadContender(contender)).removeQueues(target);
  }
  if (left > 0) throw new Error(`${contender} handled everything, but ${left} messages were left in its queues`);
  return found as Record<Workload, Measurement>;
}
