import 'reflect-metadata';
import { createTaskApp } from 'warren';
import { LedgerWriter } from './ledger-writer';
import { type ProcessJob, readJob } from './process-job';
import { onConnectionLost, startOrExit } from './start-app';
import { PREFETCH } from './task-plan';
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
  const lost = (what: 'deliveries' | 'confirms'): void =>
    ledger.write({ kind: 'lost', at: Date.now(), what, atMost: PREFETCH });
  // The process before this one, if any, took along what it held.
  if (incarnation > 1) lost('deliveries');
  app.on('subscription:changed', ({ state }) => {
    if (state === 'recovering') lost('deliveries');
  });
  onConnectionLost(app, (name) => {
    if (name.endsWith(':publish')) lost('confirms');
  });
  await startOrExit(app);
}

void main();
