import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bounded, eventually } from '../support/bounded';
import type { TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { startProxy } from '../support/rabbitmq/tcp-proxy';
import { countDead, drain } from './drain';
import { FaultInjector } from './fault-injector';
import { planFaults } from './fault-plan';
import { brokenPromises, type SoakReport } from './format-report';
import { Ledger } from './ledger';
import { LedgerReader } from './ledger-reader';
import type { SoakOptions } from './options';
import type { ProducerJob } from './process-job';
import { seededRandom } from './random';
import { type MadeFault, recoveries } from './recovery';
import { Slot } from './slot';
import { MAX_ATTEMPTS, planTask } from './task-plan';
import { judge } from './verdict';

/** A quorum queue younger than about a second does not survive a kill of its broker: the server's own window. */
const OLD_ENOUGH_MS = 3_000;
/** The last faults must leave time in which every worker is seen to complete something. */
const QUIET_END_MS = 3_000;
const RECOVERY_TIMEOUT_MS = 30_000;
/** The broker's own dead-lettering tries again after three minutes what it could not hand on at once. */
const SETTLED_TIMEOUT_MS = 240_000;
const PROGRESS_MS = 5_000;

type SeededOptions = SoakOptions & { readonly seed: number };

/** Sends, breaks, mends, counts. */
export async function soak(options: SeededOptions): Promise<SoakReport> {
  const folder = await mkdtemp(join(tmpdir(), 'warren-soak-'));
  const broker = await startPrivateBroker({ series: options.series });
  try {
    const report = await soakOn(broker, folder, options);
    if (brokenPromises(report).length === 0) await rm(folder, { recursive: true, force: true });
    else say(`the ledgers are in ${folder}`);
    return report;
  } finally {
    await broker.dispose();
  }
}

async function soakOn(broker: TestBroker, folder: string, options: SeededOptions): Promise<SoakReport> {
  const { seed, tasks, minutes } = options;
  const durationMs = minutes * 60_000;
  const ledger = new Ledger(tasks, MAX_ATTEMPTS);
  const reader = new LedgerReader(folder);
  const read = (): void => reader.read((slot, entry) => ledger.take(slot, entry));
  const unexpectedEnds: string[] = [];
  const events = {
    onEnd: (_slot: string, end: string, detail: string): void => {
      if (end === 'unexpected') unexpectedEnds.push(detail);
    },
  };
  const proxies = {
    workers: await startProxy({ targetPort: broker.port }),
    producers: await startProxy({ targetPort: broker.port }),
  };
  const workers = slots(options.workers, 'worker', (name) => {
    const url = proxies.workers.url(broker.url);
    return new Slot(
      name,
      'worker-process',
      folder,
      (incarnation) => ({ url, folder, slot: name, incarnation, seed }),
      events,
    );
  });
  for (const worker of workers) worker.start();
  await sleep(OLD_ENOUGH_MS);
  const startedAt = Date.now();
  const producers = slots(options.producers, 'producer', (name, share) => {
    const job = {
      url: proxies.producers.url(broker.url),
      folder,
      slot: name,
      seed,
      tasks,
      share,
      startedAt,
      durationMs,
    };
    const jobOf = (incarnation: number): ProducerJob => ({ ...job, incarnation, producers: options.producers });
    return new Slot(name, 'producer-process', folder, jobOf, events);
  });
  for (const producer of producers) producer.start();
  const names = workers.map(({ name }) => name);
  let slowestStopMs = 0;
  const injector = new FaultInjector({
    broker,
    workers,
    producers,
    proxies,
    onConfirmsAtRisk: (atMost) => ledger.take('soak', { kind: 'lost', at: Date.now(), what: 'confirms', atMost }),
    onTerminated: (slot, code, ms) => {
      slowestStopMs = Math.max(slowestStopMs, ms);
      if (code !== 0) unexpectedEnds.push(`${slot} ended with ${code} after SIGTERM`);
    },
  });
  const progress = setInterval(() => {
    read();
    say(`sent ${ledger.sent}, confirmed ${ledger.confirmed}, completed ${ledger.completed}, spent ${ledger.spent}`);
  }, PROGRESS_MS);
  try {
    const recovered = (since: number): Promise<unknown> =>
      eventually(
        'every worker to complete a task',
        read,
        () => names.every((name) => ledger.lastCompletionOf(name) >= since),
        RECOVERY_TIMEOUT_MS,
      );
    await recovered(startedAt);
    const made: MadeFault[] = [];
    for (const fault of planFaults(seededRandom(seed))) {
      await sleep(fault.pauseMs);
      if (Date.now() + fault.holdMs > startedAt + durationMs - QUIET_END_MS) break;
      const done = await injector.make(fault);
      made.push(done);
      await recovered(done.healedAt).catch((error: Error) => say(`after ${fault.kind}: ${error.message}`));
      say(`fault ${made.length}: ${done.kind} (${done.target}), ${Date.now() - done.healedAt} ms to recover`);
    }
    await bounded('the producers to finish', Promise.all(producers.map(({ finished }) => finished)), 120_000);
    const settled = (): boolean => {
      read();
      return ledger.completed + ledger.discarded + ledger.spent >= tasks;
    };
    await eventually('every task to end', settled, (done) => done, SETTLED_TIMEOUT_MS).catch((error: Error) =>
      say(error.message),
    );
    await eventually(
      'the dead letters',
      () => countDead(broker),
      (dead) => dead >= ledger.spent,
      30_000,
    ).catch((error: Error) => say(error.message));
    for (const worker of workers) worker.retire();
    await Promise.all(workers.map((worker) => worker.end('SIGTERM', 30_000)));
    const leftovers = await drain(broker);
    read();
    return {
      seed,
      broker: broker.version,
      minutes,
      faults: made.length,
      verdict: judge(ledger, leftovers, (index) => planTask(seed, index)),
      recoveries: recoveries(made, names, (name) => ledger.completionsOf(name)),
      unexpectedEnds,
      crashes: ledger.crashes,
      slowestStopMs,
    };
  } finally {
    clearInterval(progress);
    for (const slot of [...workers, ...producers]) {
      slot.retire();
      await slot.end('SIGKILL', 10_000);
    }
    proxies.workers.dispose();
    proxies.producers.dispose();
  }
}

const slots = (count: number, role: string, make: (name: string, share: number) => Slot): readonly Slot[] =>
  Array.from({ length: count }, (_, share) => make(`${role}-${share + 1}`, share));

const say = (text: string): boolean => process.stderr.write(`${text}\n`);
