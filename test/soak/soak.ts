import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { brokenPromises, type SoakReport } from './format-report';
import { everyWorkerCompletes, makeFaults } from './make-faults';
import type { SeededOptions } from './options';
import { Records } from './records';
import { type MadeFault, recoveries } from './recovery';
import { say } from './say';
import { type Settled, settle } from './settle';
import { clearStage, type Stage, setStage } from './stage';
import { planTask } from './task-plan';
import { judge } from './verdict';

/** A quorum queue younger than about a second does not survive a kill of its broker: the server's own window. */
const OLD_ENOUGH_MS = 3_000;
/** The last faults must leave time in which every worker is seen to complete something. */
const QUIET_END_MS = 3_000;
const PROGRESS_MS = 5_000;

/** Sends, breaks, mends, counts. */
export async function soak(options: SeededOptions): Promise<SoakReport> {
  const folder = await mkdtemp(join(tmpdir(), 'warren-soak-'));
  const broker = await startPrivateBroker({ series: options.series });
  try {
    const report = await soakOn(broker, new Records(folder, options.tasks), options);
    if (brokenPromises(report).length === 0) await rm(folder, { recursive: true, force: true });
    else say(`the ledgers are in ${folder}`);
    return report;
  } finally {
    await broker.dispose();
  }
}

async function soakOn(broker: TestBroker, records: Records, options: SeededOptions): Promise<SoakReport> {
  const startAt = Date.now() + OLD_ENOUGH_MS;
  const stage = await setStage(broker, records, options, startAt);
  const progress = setInterval(() => sayProgress(records), PROGRESS_MS);
  try {
    const faults = await perform(stage, records, options, startAt);
    const settled = await settle(stage, records, options.patience * 1_000);
    return reportOf(stage, records, options, faults, settled);
  } finally {
    clearInterval(progress);
    await clearStage(stage);
  }
}

/** Workers first, so that their queues are old enough; then the producers; then, when all goes well, the faults. */
async function perform(
  stage: Stage,
  records: Records,
  { seed, minutes }: SeededOptions,
  startAt: number,
): Promise<readonly MadeFault[]> {
  for (const worker of stage.workers) worker.start();
  await sleep(startAt - Date.now());
  for (const producer of stage.producers) producer.start();
  await everyWorkerCompletes(stage, records, startAt);
  return makeFaults(stage, records, seed, startAt + minutes * 60_000 - QUIET_END_MS);
}

function reportOf(
  { broker, workers }: Stage,
  { ledger, unexpectedEnds, slowestStopMs }: Records,
  { seed, minutes }: SeededOptions,
  faults: readonly MadeFault[],
  { leftovers, unsettled }: Settled,
): SoakReport {
  const names = workers.map(({ name }) => name);
  return {
    seed,
    broker: broker.version,
    minutes,
    faults: faults.length,
    verdict: judge(ledger, leftovers, (index) => planTask(seed, index)),
    recoveries: recoveries(faults, names, (name) => ledger.completionsOf(name)),
    unsettled,
    unexpectedEnds,
    crashes: ledger.crashes,
    slowestStopMs,
  };
}

function sayProgress(records: Records): void {
  const { sent, confirmed, completed, spent } = records.read();
  say(`sent ${sent}, confirmed ${confirmed}, completed ${completed}, spent ${spent}`);
}
