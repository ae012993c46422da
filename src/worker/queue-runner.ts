import type { Broker, Delivery } from '../broker/broker';
import type { QueueDefinition } from '../task/definition';
import { INTERRUPTED } from '../task/outcome';
import { suspectQueueName } from '../topology/names';
import type { Alibis } from './alibis';
import type { Attempt } from './attempt';
import type { DeliveryProcessor } from './delivery-processor';
import type { Overruns } from './overruns';
import { type ConsumedQueue, QueueConsumer } from './queue-consumer';
import type { Settler } from './settler';
import {
  acquittalsOf,
  crashesBeforeIsolation,
  crashesOfSuspect,
  isSuspect,
  MAX_ACQUITTALS,
  SuspectDelivery,
} from './suspects';

export interface QueueRunnerParts {
  readonly processor: DeliveryProcessor;
  readonly settler: Settler;
  readonly overruns: Overruns;
  readonly alibis: Alibis;
  /** How long a delivery of a queue may be out, in milliseconds; `Infinity`: no limit. */
  readonly longestUnsettledMs: (queue: QueueDefinition) => number;
}

/**
 * Runs the deliveries of one home queue, and of its queue of suspects.
 *
 * A message that kills its process never comes to a settlement: the broker delivers it again, and counts. So does it for
 * all that were out beside it. Those that it counted too often are moved to the queue of suspects, which gives out one
 * message at a time: there a death counts for the message that caused it and no other.
 */
export class QueueRunner {
  readonly #home: ConsumedQueue;
  readonly #suspects: ConsumedQueue;

  constructor(
    private readonly queue: QueueDefinition,
    private readonly parts: QueueRunnerParts,
  ) {
    const { name, type, concurrency, prefetch } = queue;
    const alone = { concurrency: 1, prefetch: 1 };
    // A classic queue refuses to be told.
    const ackTimeoutMs = type === 'quorum' ? parts.longestUnsettledMs(queue) : undefined;
    this.#home = { name, concurrency, prefetch, ackTimeoutMs };
    const aloneMs = parts.longestUnsettledMs({ ...queue, ...alone });
    this.#suspects = { name: suspectQueueName(name), ...alone, ackTimeoutMs: aloneMs };
  }

  consumers(broker: Broker): readonly QueueConsumer[] {
    const alone = (delivery: Delivery) => this.#runAlone(new SuspectDelivery(delivery, this.queue.name));
    return [
      new QueueConsumer(this.#home, broker, (delivery) => this.#run(delivery), this.#overdueIn(this.#home)),
      new QueueConsumer(this.#suspects, broker, alone, this.#overdueIn(this.#suspects)),
    ];
  }

  #overdueIn({ name }: ConsumedQueue): () => number {
    return () => this.parts.overruns.keeping(name);
  }

  #run(delivery: Delivery): Promise<void> | undefined {
    const { maxCrashes } = this.queue;
    const { processor, settler } = this.parts;
    // What cannot be read is not run, so it cannot kill.
    if (isSuspect(delivery, maxCrashes) && delivery.properties.unreadable === undefined) {
      const attempt = processor.withoutRunning(delivery, INTERRUPTED);
      return settler.isolate(delivery, attempt, {
        crashes: crashesBeforeIsolation(delivery, maxCrashes),
        acquittals: 0,
      });
    }
    const attempt = processor.process(delivery);
    return attempt instanceof Promise
      ? attempt.then((ended) => this.#settle(delivery, ended, this.#home))
      : settler.settle(delivery, attempt);
  }

  async #runAlone(delivery: Delivery): Promise<void> {
    const { processor, settler, alibis } = this.parts;
    const crashes = crashesOfSuspect(delivery);
    if (crashes >= this.queue.maxCrashes) return this.#judge(delivery, crashes);
    const ended = alibis.watch(delivery);
    const attempt = await processor.process(delivery);
    ended();
    // Given back as a fresh copy: before RabbitMQ 4.3, what is given back counts as a death.
    return attempt.outcome.kind === 'interrupted'
      ? settler.isolate(delivery, attempt, { crashes, acquittals: acquittalsOf(delivery) })
      : this.#settle(delivery, attempt, this.#suspects);
  }

  /** The last death was over this message and no other. Unless there was none: then it gets another run alone. */
  async #judge(delivery: Delivery, crashes: number): Promise<void> {
    const { processor, settler, alibis } = this.parts;
    const attempt = processor.withoutRunning(delivery, { kind: 'crash-looped', crashes });
    const acquittals = acquittalsOf(delivery);
    const survived = acquittals < MAX_ACQUITTALS ? await alibis.survived(delivery) : false;
    if (survived === undefined) delivery.requeue();
    else if (survived) {
      await settler.isolate(delivery, attempt, { crashes: this.queue.maxCrashes - 1, acquittals: acquittals + 1 });
    } else await settler.settle(delivery, attempt);
  }

  /** A handler that ignores its timeout keeps its slot for a while. */
  #settle(delivery: Delivery, attempt: Attempt, slots: ConsumedQueue): Promise<void> | undefined {
    const { settler, overruns } = this.parts;
    const settled = settler.settle(delivery, attempt);
    if (attempt.outcome.kind !== 'timed-out') return settled;
    return Promise.resolve(settled).then(() => overruns.slotFree(delivery, slots));
  }
}
