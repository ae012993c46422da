import type { Delivery } from '../../broker/broker';
import { HEADER, integerHeader } from '../../message/headers';

const MAX_CRASHES_TOLD = 1_000;
/** Counted deaths that a suspect can be acquitted of. The bound makes a task that kills its worker each time end as a dead letter. */
export const MAX_ACQUITTALS = 10;

/**
 * Whether a message of a home queue is suspected to kill its workers: one more death over it is too many. Until then it
 * runs as others do, since a lost connection counts as well, and for everything that is out at that moment.
 *
 * Before RabbitMQ 4.3 the count has also what was given back, by a worker that stopped, say. Such a message runs alone
 * too soon, and does it no harm.
 *
 * @see docs/decisions/007-suspects-have-a-queue.md
 */
export function isSuspect({ deliveryCount }: Delivery, maxCrashes: number): boolean {
  return deliveryCount >= maxCrashes - 1;
}

/** The deaths that a new suspect starts with. A neighbour may have caused all of them, so each suspect runs alone at least once. */
export function crashesBeforeIsolation({ deliveryCount }: Delivery, maxCrashes: number): number {
  return Math.min(deliveryCount, maxCrashes - 1);
}

/** The deaths over a message of a queue of suspects before this copy of it was published. */
export function crashesBefore({ properties }: Delivery): number {
  return integerHeader(properties.headers, HEADER.crashes, 1, MAX_CRASHES_TOLD) ?? 1;
}

/** How many counted deaths turned out not to be its doing. */
export function acquittalsOf({ properties }: Delivery): number {
  return integerHeader(properties.headers, HEADER.acquittals, 0, MAX_ACQUITTALS) ?? 0;
}

/** Presents a delivery from a queue of suspects as one of its home queue, so that it is dispatched and retried like any other. */
export class SuspectDelivery implements Delivery {
  constructor(
    private readonly delivery: Delivery,
    readonly queue: string,
  ) {}

  get exchange(): string {
    return this.delivery.exchange;
  }

  get routingKey(): string {
    return this.delivery.routingKey;
  }

  get body(): Buffer {
    return this.delivery.body;
  }

  get properties(): Delivery['properties'] {
    return this.delivery.properties;
  }

  get redelivered(): boolean {
    return this.delivery.redelivered;
  }

  get deliveryCount(): number {
    return this.delivery.deliveryCount;
  }

  get live(): boolean {
    return this.delivery.live;
  }

  get overdue(): boolean {
    return this.delivery.overdue;
  }

  ack(): boolean {
    return this.delivery.ack();
  }

  requeue(): boolean {
    return this.delivery.requeue();
  }

  reject(): boolean {
    return this.delivery.reject();
  }
}
