import type { Broker, Delivery } from '../broker/broker';
import type { QueueDefinition } from '../task/definition';
import { INTERRUPTED } from '../task/outcome';
import { suspectQueueName } from '../topology/names';
import type { DeliveryProcessor } from './delivery-processor';
import { QueueConsumer } from './queue-consumer';
import type { Settler } from './settler';
import { crashesBeforeIsolation, crashesOfSuspect, isSuspect, SuspectDelivery } from './suspects';

/**
 * Runs the deliveries of one home queue, and of its queue of suspects.
 *
 * A message that kills its process never comes to a settlement: the broker delivers it again, and counts. So does it for
 * all that were out beside it. Those that it counted too often are moved to the queue of suspects, which gives out one
 * message at a time: there a death counts for the message that caused it and no other.
 */
export class QueueRunner {
  constructor(
    private readonly queue: QueueDefinition,
    private readonly processor: DeliveryProcessor,
    private readonly settler: Settler,
  ) {}

  consumers(broker: Broker): readonly QueueConsumer[] {
    const suspects = { name: suspectQueueName(this.queue.name), concurrency: 1, prefetch: 1 };
    return [
      new QueueConsumer(this.queue, broker, (delivery) => this.#run(delivery)),
      new QueueConsumer(suspects, broker, (delivery) => this.#runAlone(new SuspectDelivery(delivery, this.queue.name))),
    ];
  }

  #run(delivery: Delivery): Promise<void> | undefined {
    const { maxCrashes } = this.queue;
    if (isSuspect(delivery, maxCrashes)) {
      const attempt = this.processor.withoutRunning(delivery, INTERRUPTED);
      return this.settler.isolate(delivery, attempt, crashesBeforeIsolation(delivery, maxCrashes));
    }
    const attempt = this.processor.process(delivery);
    return attempt instanceof Promise
      ? attempt.then((ended) => this.settler.settle(delivery, ended))
      : this.settler.settle(delivery, attempt);
  }

  async #runAlone(delivery: Delivery): Promise<void> {
    const crashes = crashesOfSuspect(delivery);
    if (crashes >= this.queue.maxCrashes) {
      return this.settler.settle(delivery, this.processor.withoutRunning(delivery, { kind: 'crash-looped', crashes }));
    }
    const attempt = await this.processor.process(delivery);
    // Given back as a fresh copy: before RabbitMQ 4.3, what is given back counts as a death.
    return attempt.outcome.kind === 'interrupted'
      ? this.settler.isolate(delivery, attempt, crashes)
      : this.settler.settle(delivery, attempt);
  }
}
