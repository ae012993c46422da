import { setTimeout as sleep } from 'node:timers/promises';
import { loadContender } from '../contenders';
import type { Figures } from '../results/sample';
import { deferred } from './deferred';
import type { ConsumeJob } from './job';
import { progressTeller } from './progress';
import { startStopwatch, throughput } from './stopwatch';

const RSS_SAMPLES = 100;
/** Some lose acknowledgements when they close at once. That would be worth telling, but it is not what is measured. */
export const SETTLE_MS = 200;

/** Drains a backlog. Measured from the moment that the warm-up has been handled to the moment that all has. */
export async function measureConsume(job: ConsumeJob): Promise<Figures> {
  const { warmUp, messages, handlerMs } = job;
  const tell = progressTeller(warmUp + messages);
  const memory = new MemoryWatch(messages);
  const { promise, resolve } = deferred<Figures>();
  let handled = 0;
  let read = startStopwatch();
  const done = (): void => {
    handled++;
    tell(handled);
    if (handled === warmUp) read = startStopwatch();
    memory.look(handled - warmUp);
    if (handled === warmUp + messages) resolve({ ...throughput(read(), messages), ...memory.figures() });
  };
  const contender = await loadContender(job.contender);
  const handler = handlerMs === 0 ? done : () => sleep(handlerMs).then(done);
  const receiver = await contender.openReceiver(job.target, handler, job.concurrency);
  const figures = await promise;
  await sleep(SETTLE_MS);
  await receiver.close();
  return figures;
}

/** Resident memory when a tenth is done, and the most after that. */
class MemoryWatch {
  readonly #every: number;
  #atTenth = 0;
  #highest = 0;

  constructor(private readonly messages: number) {
    this.#every = Math.max(1, Math.floor(messages / RSS_SAMPLES));
  }

  look(handled: number): void {
    if (handled <= 0 || handled % this.#every !== 0 || handled < this.messages / 10) return;
    const rss = process.memoryUsage.rss() / 2 ** 20;
    if (this.#atTenth === 0) this.#atTenth = rss;
    this.#highest = Math.max(this.#highest, rss);
  }

  figures(): Figures {
    return { rssAtTenthMiB: this.#atTenth, rssHighestMiB: this.#highest };
  }
}
