import type { Broker, Delivery, Subscription, SubscriptionState } from '../broker/broker';
import { Fifo } from '../collections/fifo';
import { inOwnContext } from '../events/async-context';

/** A queue to consume, and how much of it at a time. */
export interface ConsumedQueue {
  readonly name: string;
  /** Deliveries that are handled at the same time. */
  readonly concurrency: number;
  readonly prefetch: number;
  /** How long a delivery may be unacknowledged, in milliseconds, on brokers that take this from a consumer. @defaultValue the broker's own setting */
  readonly ackTimeoutMs?: number | undefined;
}

/** What a consumer asks of the rest of its worker. */
export interface QueueConsumerParts {
  /** Slots that are kept by handlers which ignore their timeout. @defaultValue none */
  readonly countOverdue?: () => number;
  /** Resolves when sockets have caught up after a block of the event loop; `undefined` while it turns as usual. */
  readonly calm?: () => Promise<void> | undefined;
  /** Resolves when a task may begin, where a suspect runs alone in this process; `undefined`: now. @defaultValue now */
  readonly held?: () => Promise<void> | undefined;
  /** Sees each delivery when it comes, before it waits for a slot. @defaultValue nothing */
  readonly onReceived?: (delivery: Delivery) => void;
  /** Whether a delivery, which would wait for a slot, is handled at once: it is moved and not run. @defaultValue none is */
  readonly needsNoSlot?: (delivery: Delivery) => boolean;
}

/**
 * Consumes one queue with a bounded number of tasks at a time.
 *
 * idle → consuming ⇄ paused → stopped. A delivery takes a slot, or waits for one in order; the prefetch bounds how
 * many wait. A slot is free again when its delivery is settled.
 */
export class QueueConsumer {
  #subscription: Subscription | undefined;
  /** The desired state, as last requested. */
  #wanted = false;
  #running = 0;
  /** Deliveries that are handled without a slot. */
  #beside = 0;
  readonly #waiting = new Fifo<Delivery>();
  readonly #onIdle = new Set<() => void>();
  readonly #countOverdue: () => number;
  readonly #calm: () => Promise<void> | undefined;
  readonly #held: () => Promise<void> | undefined;
  readonly #onReceived: (delivery: Delivery) => void;
  readonly #needsNoSlot: (delivery: Delivery) => boolean;
  #isHeldBack = false;
  #isWaitingToBegin = false;

  /**
   * @param handle - runs and settles a delivery; a promise where that has to be waited for. Must not throw or reject.
   */
  constructor(
    private readonly queue: ConsumedQueue,
    private readonly broker: Broker,
    private readonly handle: (delivery: Delivery) => Promise<void> | undefined,
    parts: QueueConsumerParts = {},
  ) {
    const { countOverdue = () => 0, calm = () => undefined } = parts;
    const { onReceived = () => undefined, needsNoSlot = () => false, held = () => undefined } = parts;
    this.#held = held;
    this.#needsNoSlot = needsNoSlot;
    this.#countOverdue = countOverdue;
    this.#calm = calm;
    this.#onReceived = onReceived;
  }

  get name(): string {
    return this.queue.name;
  }

  /** Tasks that may run at the same time. */
  get slots(): number {
    return this.queue.concurrency;
  }

  /** Slots that are taken: by running tasks, and by handlers that still run after their timeout. */
  get running(): number {
    return this.#running;
  }

  get concurrency(): number {
    return this.queue.concurrency;
  }

  /** Of the slots that are taken, those of handlers that ignore their timeout. */
  get overdue(): number {
    return this.#countOverdue();
  }

  /** Whether it should consume. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Whether deliveries are coming, as the broker's adapter sees it; `undefined` while there is no consumer. */
  get state(): SubscriptionState | undefined {
    return this.#subscription?.state;
  }

  /** Asks the broker whether it knows of this consumer. @throws ConsumerMissingError, QueueMissingError, ConnectionClosedError */
  async ping(): Promise<void> {
    await this.#subscription?.ping();
  }

  async start(): Promise<void> {
    const { name, prefetch, ackTimeoutMs } = this.queue;
    this.#wanted = true;
    this.#subscription = await this.broker.subscribe({
      queue: name,
      prefetch,
      ackTimeoutMs,
      onDelivery: (delivery) => this.#take(delivery),
    });
    // Paused while the broker registered the consumer.
    if (!this.#wanted) await this.pause();
  }

  /** Takes no more deliveries and gives back those that wait. Running tasks go on; their channel stays until they are done. */
  async pause(): Promise<void> {
    this.#wanted = false;
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    this.#subscription = undefined;
    const cancelled = subscription.cancel();
    this.#giveBackWaiting();
    await cancelled;
    // The broker may have sent more deliveries before it handled the cancel.
    this.#giveBackWaiting();
    this.idle()
      .then(() => subscription.close())
      .catch(() => undefined);
  }

  /** Resolves when no task runs. */
  idle(): Promise<void> {
    if (this.#running === 0 && this.#beside === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.add(resolve));
  }

  #take(delivery: Delivery): void {
    this.#onReceived(delivery);
    if (!this.#wanted) delivery.requeue();
    else if (this.#running < this.queue.concurrency && this.#mayBegin()) this.#run(delivery);
    else if (!this.#isHeldBack && this.#needsNoSlot(delivery)) this.#handleBeside(delivery);
    else this.#waiting.push(delivery);
  }

  #handleBeside(delivery: Delivery): void {
    const settling = inOwnContext(this.#handle, delivery);
    if (settling === undefined) return;
    this.#beside++;
    const release = (): void => {
      this.#beside--;
      this.#tellIdle();
    };
    settling.then(release, () => {
      delivery.reject();
      release();
    });
  }

  #run(delivery: Delivery): void {
    this.#running++;
    const settling = inOwnContext(this.#handle, delivery);
    if (settling === undefined) this.#release();
    else {
      const release = (): void => {
        this.#release();
        this.#runWaiting();
      };
      settling.then(release, () => {
        delivery.reject();
        release();
      });
    }
  }

  /** Only a bug of Warren throws here. Rejected, the message goes to the dead-letter queue; requeued, it would loop. */
  readonly #handle = (delivery: Delivery): Promise<void> | undefined => {
    try {
      return this.handle(delivery);
    } catch {
      delivery.reject();
      return undefined;
    }
  };

  #mayBegin(): boolean {
    if (this.#holdBack()) return false;
    const held = this.#held();
    if (held === undefined) return true;
    if (!this.#isWaitingToBegin) {
      this.#isWaitingToBegin = true;
      void held.then(() => {
        this.#isWaitingToBegin = false;
        this.#runWaiting();
      });
    }
    return false;
  }

  /**
   * After a block of the event loop nothing begins until the sockets were read: the broker may have closed the connection
   * meanwhile, and delivered its messages to another worker.
   */
  #holdBack(): boolean {
    const calm = this.#calm();
    if (calm === undefined) return false;
    if (!this.#isHeldBack) {
      this.#isHeldBack = true;
      void calm.then(() => {
        this.#isHeldBack = false;
        this.#runWaiting();
      });
    }
    return true;
  }

  /** Do not call it from `#run`: the stack would grow with each waiting delivery. */
  #runWaiting(): void {
    while (this.#running < this.queue.concurrency && this.#waiting.length > 0 && this.#mayBegin()) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      // Its channel died while it waited: the broker delivers it again, here or elsewhere.
      if (next.live) this.#run(next);
    }
    this.#tellIdle();
  }

  #release(): void {
    this.#running--;
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#running > 0 || this.#beside > 0 || this.#onIdle.size === 0 || this.#waiting.length > 0) return;
    for (const resolve of this.#onIdle) resolve();
    this.#onIdle.clear();
  }

  #giveBackWaiting(): void {
    for (const delivery of this.#waiting.drain()) delivery.requeue();
  }
}
