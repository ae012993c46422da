import type { Broker, Delivery, Subscription } from '../../../src/broker/broker';
import { bounded } from '../../support/bounded';

/** Collects what a subscription delivers, and lets a test wait for it. */
export class Inbox {
  /** Everything that came, in order. */
  readonly deliveries: Delivery[] = [];
  #read = 0;
  #arrived: (() => void) | undefined;

  readonly onDelivery = (delivery: Delivery): void => {
    this.deliveries.push(delivery);
    this.#arrived?.();
  };

  get bodies(): readonly string[] {
    return this.deliveries.map(textOf);
  }

  /** The next delivery that was not taken yet. */
  async take(): Promise<Delivery> {
    while (this.deliveries.length <= this.#read) {
      const arrival = new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
      await bounded(`delivery ${this.#read + 1}`, arrival);
    }
    const delivery = this.deliveries[this.#read++];
    if (delivery === undefined) throw new Error('no delivery');
    return delivery;
  }

  async takeMany(count: number): Promise<readonly Delivery[]> {
    const taken: Delivery[] = [];
    while (taken.length < count) taken.push(await this.take());
    return taken;
  }
}

export const textOf = (delivery: Delivery): string => delivery.body.toString();

/** Consumes a queue into an inbox. */
export async function consume(
  broker: Broker,
  queue: string,
  prefetch = 10,
): Promise<{ readonly inbox: Inbox; readonly subscription: Subscription }> {
  const inbox = new Inbox();
  const subscription = await broker.subscribe({ queue, prefetch, onDelivery: inbox.onDelivery });
  return { inbox, subscription };
}
