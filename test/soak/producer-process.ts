import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTaskApp, type TaskApp, WarrenError } from 'warren';
import { LedgerReader } from './ledger-reader';
import { LedgerWriter } from './ledger-writer';
import { type ProducerJob, readJob, WINDOW } from './process-job';
import { onConnectionLost, startOrExit } from './start-app';
import { idOf, planTask, SNOOZE_MS } from './task-plan';
import { type SoakPayload, SoakTasks } from './tasks';

const TICK_MS = 20;

/** Sends its share evenly over the time, and again what was not confirmed: before this process, or to this one. */
class Producer {
  #next: number;
  #onTheirWay = 0;
  readonly #again: number[];

  constructor(
    private readonly job: ProducerJob,
    private readonly app: TaskApp,
    private readonly ledger: LedgerWriter,
    before: { readonly next: number; readonly unconfirmed: readonly number[] },
  ) {
    this.#next = before.next;
    this.#again = [...before.unconfirmed];
  }

  get onTheirWay(): number {
    return this.#onTheirWay;
  }

  /** Resolves when everything is confirmed. */
  async run(): Promise<void> {
    const { tasks } = this.job;
    while (this.#next < tasks || this.#again.length > 0 || this.#onTheirWay > 0) {
      const due = this.#due();
      while (this.#onTheirWay < WINDOW) {
        const index = this.#again.shift() ?? this.#takeNext(due);
        if (index === undefined) break;
        void this.#send(index);
      }
      await sleep(TICK_MS);
    }
  }

  /** The index up to which tasks should have been sent by now. */
  #due(): number {
    const { tasks, startedAt, durationMs } = this.job;
    return Math.min(tasks, Math.ceil((tasks * (Date.now() - startedAt)) / durationMs));
  }

  #takeNext(due: number): number | undefined {
    if (this.#next >= due) return undefined;
    const index = this.#next;
    this.#next += this.job.producers;
    return index;
  }

  async #send(index: number): Promise<void> {
    const plan = planTask(this.job.seed, index);
    const payload: SoakPayload = { ...plan, readyAt: Date.now() + plan.delayMs + SNOOZE_MS };
    const methods = this.app.client.of(SoakTasks);
    const enqueue = plan.kind === 'hangs-then-completes' ? methods.hang : methods.run;
    this.#onTheirWay++;
    this.ledger.write({ kind: 'sent', index, at: Date.now() });
    try {
      await enqueue(payload, { id: idOf(index), delay: plan.delayMs });
      this.ledger.write({ kind: 'confirmed', index, at: Date.now() });
    } catch (error) {
      const code = error instanceof WarrenError ? error.code : 'UNKNOWN';
      this.ledger.write({ kind: 'rejected', index, at: Date.now(), code });
      // It may have been stored all the same.
      this.ledger.write({ kind: 'lost', at: Date.now(), what: 'confirms', atMost: 1 });
      this.#again.push(index);
    } finally {
      this.#onTheirWay--;
    }
  }
}

/** What the processes before this one have left. */
function takeUp(job: ProducerJob): { readonly next: number; readonly unconfirmed: readonly number[] } {
  const unconfirmed = new Set<number>();
  let next = job.share;
  new LedgerReader(job.folder, job.slot).read((_slot, entry) => {
    if (entry.kind === 'sent') {
      unconfirmed.add(entry.index);
      next = Math.max(next, entry.index + job.producers);
    } else if (entry.kind === 'confirmed') unconfirmed.delete(entry.index);
  });
  return { next, unconfirmed: [...unconfirmed] };
}

async function main(): Promise<void> {
  const job = readJob<ProducerJob>();
  const before = takeUp(job);
  const ledger = new LedgerWriter(job.folder, `${job.slot}.${job.incarnation}`);
  const app = await createTaskApp({
    url: job.url,
    tasks: [SoakTasks],
    consume: false,
    name: job.slot,
    heartbeat: '2s',
    connectTimeout: '5s',
    publishTimeout: '5s',
    logger: false,
  });
  const producer = new Producer(job, app, ledger, before);
  const lost = (atMost: number): void => ledger.write({ kind: 'lost', at: Date.now(), what: 'confirms', atMost });
  lost(before.unconfirmed.length);
  onConnectionLost(app, () => lost(producer.onTheirWay));
  await startOrExit(app);
  await producer.run();
  await app.stop();
  process.exit(0);
}

void main();
