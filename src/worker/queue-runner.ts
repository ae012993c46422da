import type { Broker, Delivery } from '../broker/broker';
import type { QueueDefinition } from '../task/definition';
import { INTERRUPTED } from '../task/outcome';
import { suspectQueueName } from '../topology/names';
import type { Attempt } from './attempt';
import type { DeliveryProcessor } from './delivery-processor';
import type { Overruns } from './overruns';
import { type ConsumedQueue, QueueConsumer } from './queue-consumer';
import type { Settler } from './settler';
import { crashesBeforeIsolation, crashesOfSuspect, isSuspect, SuspectDelivery } from './suspects';

export interface QueueRunnerParts {
  readonly processor: DeliveryProcessor;
  readonly settler: Settler;
  readonly overruns: Overruns;
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
    if (isSuspect(delivery, maxCrashes)) {
      const attempt = processor.withoutRunning(delivery, INTERRUPTED);
      return settler.isolate(delivery, attempt, crashesBeforeIsolation(delivery, maxCrashes));
    }
    const attempt = processor.process(delivery);
    return attempt instanceof Promise
      ? attempt.then((ended) => this.#settle(delivery, ended, this.#home))
      : settler.settle(delivery, attempt);
  }

  async #runAlone(delivery: Delivery): Promise<void> {
    const crashes = crashesOfSuspect(delivery);
    if (crashes >= this.queue.maxCrashes) {
      return this.parts.settler.settle(
        delivery,
        this.parts.processor.withoutRunning(delivery, { kind: 'crash-looped', crashes }),
      );
    }
    const attempt = await this.parts.processor.process(delivery);
    // Given back as a fresh copy: before RabbitMQ 4.3, what is given back counts as a death.
    return attempt.outcome.kind === 'interrupted'
      ? this.parts.settler.isolate(delivery, attempt, crashes)
      : this.#settle(delivery, attempt, this.#suspects);
  }

  /** A handler that ignores its timeout keeps its slot for a while. */
  #settle(delivery: Delivery, attempt: Attempt, slots: ConsumedQueue): Promise<void> | undefined {
    const { settler, overruns } = this.parts;
    const settled = settler.settle(delivery, attempt);
    if (attempt.outcome.kind !== 'timed-out') return settled;
    return Promise.resolve(settled).then(() => overruns.slotFree(delivery, slots));
  }
}
