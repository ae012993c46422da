import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded';
import { FaultInjector } from './fault-injector';
import { planFaults } from './fault-plan';
import { seededRandom } from './random';
import type { Records } from './records';
import type { MadeFault } from './recovery';
import { say } from './say';
import type { Stage } from './stage';

const RECOVERY_TIMEOUT_MS = 30_000;

/**
 * Makes one fault after the other, each when every worker has recovered from the one before.
 *
 * @param until - when the last one has to be over; milliseconds since 1970.
 */
export async function makeFaults(
  stage: Stage,
  records: Records,
  seed: number,
  until: number,
): Promise<readonly MadeFault[]> {
  const injector = new FaultInjector(stage, records);
  const made: MadeFault[] = [];
  for (const fault of planFaults(seededRandom(seed))) {
    await sleep(fault.pauseMs);
    if (Date.now() + fault.holdMs > until) break;
    const done = await injector.make(fault);
    made.push(done);
    const what = `${done.kind} (${done.target})`;
    await everyWorkerCompletes(stage, records, done.healedAt).then(
      () => say(`fault ${made.length}: ${what}, ${Date.now() - done.healedAt} ms to recover`),
      (error: Error) => say(`fault ${made.length}: ${what}, not recovered: ${error.message}`),
    );
  }
  return made;
}

/** Resolves once every worker has completed a task after an instant. */
export async function everyWorkerCompletes({ workers }: Stage, records: Records, since: number): Promise<void> {
  const idle = (): readonly string[] => {
    const ledger = records.read();
    return workers.map(({ name }) => name).filter((name) => ledger.lastCompletionOf(name) < since);
  };
  await eventually('every worker to complete a task', idle, ({ length }) => length === 0, RECOVERY_TIMEOUT_MS);
}
