import type { ChannelModel, ConsumeMessage, GetMessage } from 'amqplib';
import type { Delivery, QueueScan } from '../../broker/broker';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { answered, closeChannel } from '../connect/channels';
import { AmqpDelivery, ChannelGeneration } from './amqp-delivery';
import { openForReading } from './reading-channel';

/** How long a message that is on its way may take before the broker is asked whether there is any. */
const ARRIVAL_MS = 30;
/** Fruitless looks at a queue that has ready messages, before one is asked for by `basic.get`. */
const MAX_LOOKS = 10;

/** The first window is small: nothing is known of the size of the messages yet. */
const FIRST_WINDOW = 16;
/** Bytes that later windows aim at. */
const WINDOW_BYTES = 8 * 1024 * 1024;
/** Messages of one window at most. */
export const MAX_WINDOW = 512;

/** RabbitMQ 3.10 returns more than 32 messages of one command in no order. */
const RETURNED_AT_ONCE = 32;
/**
 * Commands that a quorum queue's client within the broker may have under way: from 32 on it keeps them to itself, and
 * merges them out of order.
 */
const MAX_COMMANDS = 24;

const LOOK_AGAIN_MS = [0, 1, 2, 5] as const;
const LAST_LOOKS_MS = 10;
/** Others may take what comes back: after about a second it is not waited for any more. */
const MAX_VISIBILITY_LOOKS = 100;

/** A consumer of a scan, and the messages that stay with it. */
interface ScanWindow {
  readonly tag: string;
  readonly size: number;
  received: number;
  /** Came and are not settled. */
  out: number;
  kept: number;
  cancelled: boolean;
}

/**
 * Looks through a queue with one consumer after the other, on one channel: a window is opened when the one before it
 * holds nothing but messages that are kept. `basic.get` would be a consumer for each message in a quorum queue, which
 * costs a round trip each and more with every message that is held.
 *
 * A full window stays a consumer without room. That counts as use of the queue, so that nobody deletes it, and its
 * cancellation is answered when the queue has carried out everything before it: so the messages of one window are back
 * before those of the next one go.
 */
export class AmqpScan implements QueueScan {
  readonly #buffer: ScannedDelivery[] = [];
  /** Delivered and not settled, oldest first: delivery tag → consumer tag (`undefined`: of a `basic.get`). */
  readonly #unsettled = new Map<number, string | undefined>();
  readonly #windows = new Map<string, ScanWindow>();
  #window: ScanWindow | undefined;
  #largest = 0;
  /** Whether the last message that came had been out before. */
  #afterReturned = false;
  #arrived: () => void = () => undefined;

  private constructor(
    private readonly queue: string,
    private readonly generation: ChannelGeneration,
    private readonly maxWindow: number,
  ) {}

  /**
   * @param maxWindow - how many messages may come before they are read.
   * @throws QueueMissingError, AccessRefusedError, ConnectionClosedError
   */
  static open(model: ChannelModel | undefined, queue: string, maxWindow: number): Promise<AmqpScan> {
    return openForReading(model, queue, async (generation) => {
      const scan = new AmqpScan(queue, generation, maxWindow);
      await scan.#openWindow(FIRST_WINDOW);
      return scan;
    });
  }

  async next(): Promise<Delivery | undefined> {
    this.#checkAlive();
    if (this.#buffer.length === 0) {
      this.generation.flush();
      await this.#openNextWindow();
      if (this.#buffer.length === 0) await this.#arrival();
    }
    return this.#buffer.shift() ?? this.#look();
  }

  keep(delivery: Delivery): void {
    if (!(delivery instanceof ScannedDelivery)) return;
    const window = this.#windows.get(delivery.consumerTag ?? '');
    if (window !== undefined) window.kept++;
  }

  /** As `AmqpPrefetchingReader.settled`: `basic.get` takes its turn in the queue behind what was settled. */
  async settled(): Promise<void> {
    this.#checkAlive();
    this.generation.flush();
    const message = await this.#get();
    if (message !== undefined) this.#buffer.push(message);
  }

  async close(): Promise<void> {
    if (!this.generation.alive) return;
    try {
      await this.#takeRest();
      for (const window of this.#windows.values()) if (window.out < window.size) await this.#cancel(window);
      await this.#giveBack();
    } catch {
      // Its channel has died: the broker has the messages back.
    }
    const closing = closeChannel(this.generation.channel);
    this.generation.end();
    await closing;
  }

  async #openWindow(size: number): Promise<void> {
    const { channel } = this.generation;
    const capped = Math.max(1, Math.min(size, this.maxWindow));
    let window: ScanWindow | undefined;
    const early: ConsumeMessage[] = [];
    await answered(channel.prefetch(capped));
    const { consumerTag } = await answered(
      channel.consume(this.queue, (message) => {
        // The queue is gone where there is no message: the next look finds that out.
        if (message !== null && window !== undefined) this.#take(message, window);
        else if (message !== null) early.push(message);
        this.#arrived();
      }),
    );
    window = { tag: consumerTag, size: capped, received: 0, out: 0, kept: 0, cancelled: false };
    this.#windows.set(consumerTag, window);
    this.#window = window;
    for (const message of early) this.#take(message, window);
  }

  /** A window that is full of messages that stay, or that is smaller than it need be, is followed by another. */
  async #openNextWindow(): Promise<void> {
    const window = this.#window;
    if (window === undefined) return;
    const size = Math.min(
      MAX_WINDOW,
      this.maxWindow,
      Math.max(1, Math.floor(WINDOW_BYTES / Math.max(1, this.#largest))),
    );
    const isFull = window.kept === window.size;
    // The first one is not cancelled: the broker would return what is on its way to it, behind what came before.
    const isSmall = window.received >= window.size && window.size < size;
    if (isFull || isSmall) await this.#openWindow(size);
  }

  #take(message: ConsumeMessage, window: ScanWindow): void {
    window.received++;
    window.out++;
    this.#buffer.push(this.#delivery(message, window.tag));
  }

  #delivery(message: ConsumeMessage | GetMessage, consumerTag: string | undefined): ScannedDelivery {
    const { deliveryTag } = message.fields;
    this.#largest = Math.max(this.#largest, message.content.length);
    this.#afterReturned = message.fields.redelivered;
    this.#unsettled.set(deliveryTag, consumerTag);
    return new ScannedDelivery(this.queue, message, this.generation, consumerTag, () => {
      const window = this.#windows.get(consumerTag ?? '');
      if (this.#unsettled.delete(deliveryTag) && window !== undefined) window.out--;
    });
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ARRIVAL_MS);
      this.#arrived = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** No consumer is told that its queue is empty. */
  async #look(): Promise<Delivery | undefined> {
    for (let look = 0; look < MAX_LOOKS; look++) {
      this.#checkAlive();
      const ready = await this.#ready();
      // What the queue gave before it answered has come when the channel answers once more.
      if (this.#buffer.length === 0 && ready === 0) await this.#ready();
      if (this.#buffer.length > 0 || ready === 0) return this.#buffer.shift();
      this.generation.flush();
      await this.#arrival();
      if (this.#buffer.length > 0) return this.#buffer.shift();
    }
    return this.#get();
  }

  async #get(): Promise<ScannedDelivery | undefined> {
    const message = await answered(this.generation.channel.get(this.queue, { noAck: false }));
    return message === false ? undefined : this.#delivery(message, undefined);
  }

  async #ready(): Promise<number> {
    return (await answered(this.generation.channel.checkQueue(this.queue))).messageCount;
  }

  async #cancel(window: ScanWindow): Promise<void> {
    if (window.cancelled) return;
    window.cancelled = true;
    await answered(this.generation.channel.cancel(window.tag));
  }

  /**
   * A quorum queue puts what is returned before everything that was never out, and behind everything that was returned
   * before. So all of that is taken too where some of it is given back, or its order would change. What is on its way
   * to a consumer that is cancelled the broker returns by itself: so each is filled before.
   */
  async #takeRest(): Promise<void> {
    this.#keepUnread();
    while (this.#unsettled.size > 0 && (this.#afterReturned || this.#hasRoom)) {
      const rest = await this.next();
      if (rest === undefined) return;
      this.keep(rest);
      this.#keepUnread();
    }
  }

  #keepUnread(): void {
    for (const unread of this.#buffer.splice(0)) this.keep(unread);
  }

  get #hasRoom(): boolean {
    return [...this.#windows.values()].some(({ out, size }) => out < size);
  }

  /** Returns what is unsettled, in the order in which it came, and waits until the queue shows it. */
  async #giveBack(): Promise<void> {
    this.generation.flush();
    const runs = runsOf(this.#unsettled);
    this.#unsettled.clear();
    if (runs.length === 0) return;
    let expected = await this.#ready();
    let commands = 0;
    for (const { consumerTag, lastTag, length } of runs) {
      const window = consumerTag === undefined ? undefined : this.#windows.get(consumerTag);
      if (window?.cancelled === false) {
        await this.#cancel(window);
        commands = 0;
      } else if (commands === MAX_COMMANDS) {
        await this.#untilReady(expected);
        commands = 0;
      }
      this.generation.channel.nack({ fields: { deliveryTag: lastTag } } as ConsumeMessage, true, true);
      expected += length;
      commands++;
    }
    await this.#untilReady(expected);
  }

  async #untilReady(expected: number): Promise<void> {
    for (let look = 0; look < MAX_VISIBILITY_LOOKS && (await this.#ready()) < expected; look++) {
      await new Promise<void>((resolve) => setTimeout(resolve, LOOK_AGAIN_MS[look] ?? LAST_LOOKS_MS));
    }
  }

  #checkAlive(): void {
    if (!this.generation.alive) throw new ConnectionClosedError(`reading queue "${this.queue}" ended with its channel`);
  }
}

/** Messages that one command returns: of one consumer, and one after the other. */
interface Run {
  readonly consumerTag: string | undefined;
  lastTag: number;
  length: number;
}

function runsOf(unsettled: ReadonlyMap<number, string | undefined>): readonly Run[] {
  const runs: Run[] = [];
  for (const [lastTag, consumerTag] of [...unsettled].sort(([a], [b]) => a - b)) {
    const run = runs.at(-1);
    if (
      run !== undefined &&
      consumerTag !== undefined &&
      run.consumerTag === consumerTag &&
      run.length < RETURNED_AT_ONCE
    ) {
      run.lastTag = lastTag;
      run.length++;
    } else runs.push({ consumerTag, lastTag, length: 1 });
  }
  return runs;
}

/** A delivery that its scan does not have to give back any more once it is settled. */
class ScannedDelivery extends AmqpDelivery {
  constructor(
    queue: string,
    raw: ConsumeMessage | GetMessage,
    generation: ChannelGeneration,
    readonly consumerTag: string | undefined,
    private readonly onSettled: () => void,
  ) {
    super(queue, raw, generation);
  }

  override ack(): boolean {
    this.onSettled();
    return super.ack();
  }

  override requeue(): boolean {
    this.onSettled();
    return super.requeue();
  }

  override reject(): boolean {
    this.onSettled();
    return super.reject();
  }
}
