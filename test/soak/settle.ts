import { bounded, eventually } from '../support/bounded';
import { countDead, drain } from './drain';
import type { Leftovers } from './leftovers';
import type { Records } from './records';
import type { Stage } from './stage';

const STOP_TIMEOUT_MS = 30_000;
/** Within which the broker's counts are those of after the drain. */
const COUNTED_MS = 15_000;
/** However late it is: a look at what is missing. */
const LAST_LOOK_MS = 1_000;

export interface Settled {
  readonly leftovers: Leftovers;
  /** What was waited for in vain, in words. */
  readonly unsettled: readonly string[];
}

/** Waits until everything has ended, stops the workers and empties the queues; all together within `patienceMs`, but for the stop. */
export async function settle(stage: Stage, records: Records, patienceMs: number): Promise<Settled> {
  const deadline = Date.now() + patienceMs;
  const left = (): number => Math.max(LAST_LOOK_MS, deadline - Date.now());
  const unsettled: string[] = [];
  const wait = (step: Promise<unknown>): Promise<unknown> =>
    step.catch((error: Error) => unsettled.push(error.message));

  await wait(producersFinish(stage, records, left()));
  await wait(tasksEnd(records, left()));
  await wait(deadLettersArrive(stage, records, left()));
  for (const worker of stage.workers) worker.retire();
  await Promise.all(stage.workers.map((worker) => worker.end('SIGTERM', STOP_TIMEOUT_MS)));
  // With every task at its end, what the broker holds back are copies.
  const leftovers = await drain(stage.broker, unsettled.length > 0 ? left() : Math.min(left(), COUNTED_MS));
  records.read();
  return { leftovers, unsettled };
}

async function producersFinish({ producers }: Stage, records: Records, timeoutMs: number): Promise<void> {
  const finished = Promise.all(producers.map((producer) => producer.finished));
  await bounded('the producers', finished, timeoutMs).catch(() => {
    const { tasks, confirmed } = records.read();
    throw new Error(`the producers did not finish: ${tasks - confirmed} tasks are not confirmed`);
  });
}

async function tasksEnd(records: Records, timeoutMs: number): Promise<void> {
  const ended = (): boolean => records.read().ended >= records.ledger.tasks;
  await eventually('every task to end', ended, Boolean, timeoutMs).catch(() => {
    throw new Error(`tasks did not end: ${records.ledger.notEnded(10).join(', ')}`);
  });
}

async function deadLettersArrive({ broker }: Stage, records: Records, timeoutMs: number): Promise<void> {
  let dead = 0;
  const arrived = async (): Promise<boolean> => {
    dead = await countDead(broker);
    return dead >= records.ledger.spent;
  };
  await eventually('the dead letters', arrived, Boolean, timeoutMs).catch(() => {
    throw new Error(`${records.ledger.spent} tasks finally failed, and there are ${dead} dead letters`);
  });
}
