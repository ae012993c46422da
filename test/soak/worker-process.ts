import 'reflect-metadata';
import { createTaskApp } from 'warren';
import type { LossKind } from './ledger-lines';
import { LedgerWriter } from './ledger-writer';
import { type ProcessJob, readJob } from './process-job';
import { onConnectionLost, startOrExit } from './start-app';
import { CONCURRENCY, PREFETCH } from './task-plan';
import { SoakTasks } from './tasks';

/** A worker, as a user would write it, that also writes down what it loses. */
async function main(): Promise<void> {
  const { url, folder, slot, incarnation } = readJob<ProcessJob>();
  const ledger = new LedgerWriter(folder, `${slot}.${incarnation}`);
  const tasks = new SoakTasks(ledger);
  const app = await createTaskApp({
    url,
    tasks: [SoakTasks],
    resolver: { get: () => tasks as never },
    name: slot,
    heartbeat: '2s',
    connectTimeout: '5s',
    stopTimeout: '3s',
    logger: false,
  });
  const lost = (what: LossKind, atMost: number): void => ledger.write({ kind: 'lost', at: Date.now(), what, atMost });
  const lostAll = (): void => {
    lost('deliveries', PREFETCH);
    lost('confirms', CONCURRENCY);
  };
  // The process before this one, if any, took along what it held.
  if (incarnation > 1) lostAll();
  app.on('subscription:changed', ({ state }) => {
    if (state === 'recovering') lost('deliveries', PREFETCH);
  });
  onConnectionLost(app, (name) => {
    // Whatever runs may be publishing its next attempt.
    if (name.endsWith(':publish')) lost('confirms', app.running);
  });
  await startOrExit(app);
}

void main();
