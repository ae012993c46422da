import type { TestBroker } from '../support/rabbitmq/broker';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';
import type { SeededOptions } from './options';
import type { ProcessJob, ProducerJob } from './process-job';
import type { Records } from './records';
import { Slot } from './slot';

/** Everything that may be broken. */
export interface Stage {
  readonly broker: TestBroker;
  /** Between the workers, and between the producers, and the broker. */
  readonly proxies: { readonly workers: TcpProxy; readonly producers: TcpProxy };
  readonly workers: readonly Slot[];
  readonly producers: readonly Slot[];
}

const KILL_TIMEOUT_MS = 10_000;

/** Nothing runs on it yet but the broker. @param startAt - when sending begins; milliseconds since 1970. */
export async function setStage(
  broker: TestBroker,
  records: Records,
  options: SeededOptions,
  startAt: number,
): Promise<Stage> {
  const proxies = {
    workers: await startProxy({ targetPort: broker.port }),
    producers: await startProxy({ targetPort: broker.port }),
  };
  const slot = (name: string, program: string, jobOf: (incarnation: number) => ProcessJob): Slot =>
    new Slot(name, program, records.folder, jobOf, { onEnd: (_slot, end, detail) => records.ended(end, detail) });
  const jobOf = (name: string, incarnation: number, proxy: TcpProxy): ProcessJob => ({
    url: proxy.url(broker.url),
    folder: records.folder,
    slot: name,
    incarnation,
    seed: options.seed,
  });
  const producerJob = (job: ProcessJob, share: number): ProducerJob => ({
    ...job,
    share,
    tasks: options.tasks,
    producers: options.producers,
    startedAt: startAt,
    durationMs: options.minutes * 60_000,
  });
  return {
    broker,
    proxies,
    workers: names('worker', options.workers).map((name) =>
      slot(name, 'worker-process', (incarnation) => jobOf(name, incarnation, proxies.workers)),
    ),
    producers: names('producer', options.producers).map((name, share) =>
      slot(name, 'producer-process', (incarnation) => producerJob(jobOf(name, incarnation, proxies.producers), share)),
    ),
  };
}

/** Ends what still runs on it, but for the broker. */
export async function clearStage({ workers, producers, proxies }: Stage): Promise<void> {
  for (const slot of [...workers, ...producers]) {
    slot.retire();
    await slot.end('SIGKILL', KILL_TIMEOUT_MS);
  }
  proxies.workers.dispose();
  proxies.producers.dispose();
}

const names = (role: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, share) => `${role}-${share + 1}`);
