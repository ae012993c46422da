import { Fifo } from '../collections/fifo';
import type { IncomingMessage } from '../message/wire';
import type { Clock, Timer } from '../time/clock';
import type { QueueSpec } from '../topology/topology';
import type { DeadLetter } from './death';
import { LengthLimit, type Load } from './length-limit';
import { parseQueueSettings, type QueueSettings } from './queue-settings';
import { readEntry } from './read-entry';
import { ClassicMessages, type QueuedMessage, QuorumMessages, type ReadyMessages } from './ready-messages';
import type { DeathReason, StoredMessage } from './stored-message';

/** What a queue hands its messages to. Neither method may call back into the queue. */
export interface QueueConsumer {
  hasRoom(): boolean;
  deliver(entry: QueuedMessage): void;
  queueDeleted(): void;
}

/** What a queue needs of the broker that it stands in. */
export interface QueueHost {
  readonly clock: Clock;
  /** Whether anybody is connected. Timers run only then, so that a broker nobody uses holds up no process. */
  readonly active: boolean;
  deadLetter(source: MemoryQueue, entry: QueuedMessage, reason: DeathReason): void;
  /** Tries again, later, to find a place for dead letters: a queue that had refused messages can take one. */
  retryDeadLetters(): void;
}

/**
 * A queue: ready messages, the consumers that take them in turn, and one timer for the nearest expiry.
 * Synchronous and without promises: what it hands over is delivered by its consumers in a later turn.
 */
export class MemoryQueue {
  readonly name: string;
  readonly settings: QueueSettings;
  /** Dead letters that no queue has taken yet; they count as messages of this one. */
  readonly held = new Fifo<DeadLetter>();
  readonly #ready: ReadyMessages;
  readonly #limit: LengthLimit;
  readonly #consumers: QueueConsumer[] = [];
  #nextConsumer = 0;
  #nextOrder = 0;
  #out = 0;
  #readyBytes = 0;
  #mayExpire = false;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #deleted = false;

  constructor(
    readonly spec: QueueSpec,
    private readonly host: QueueHost,
  ) {
    this.name = spec.name;
    this.settings = parseQueueSettings(spec);
    this.#limit = new LengthLimit(this.settings);
    this.#ready = this.settings.type === 'quorum' ? new QuorumMessages() : new ClassicMessages();
  }

  /** Messages that wait for a consumer: neither those that are out nor dead letters that are held. */
  get readyCount(): number {
    this.#expire();
    return this.#ready.length;
  }

  /** Takes a message, or refuses it when the queue is full and was told to refuse. */
  accept(message: StoredMessage): boolean {
    this.#expire();
    if (this.#limit.refuses(this.#load, message.body.length)) return false;
    this.#add(this.#newEntry(message));
    this.serve();
    if (this.settings.overflow === 'drop-head') this.#dropSurplus();
    else this.#limit.grown(this.#load);
    return true;
  }

  /** Messages that are out: handed over and not settled. */
  get outCount(): number {
    return this.#out;
  }

  /** What is ready, in the order in which it would go out; takes nothing. */
  peek(): readonly IncomingMessage[] {
    this.#expire();
    return this.#ready.inOrder().map((entry) => readEntry(this.settings.type, entry));
  }

  /** A message that was out is done. */
  acked(): void {
    this.#out--;
  }

  /** The next message for somebody who asks for one. */
  get(): QueuedMessage | undefined {
    this.#expire();
    const entry = this.#take();
    if (entry !== undefined) this.#out++;
    this.#armTimer();
    return entry;
  }

  /** Takes a message back that was out; `failed`: not by a consumer's own wish. */
  putBack(entry: QueuedMessage, failed: boolean): void {
    this.#out--;
    if (this.#deleted) return;
    const failures = failed && this.settings.type === 'quorum' ? entry.failures + 1 : entry.failures;
    const returned = { ...entry, failures, returns: entry.returns + 1 };
    if (failures > this.settings.deliveryLimit) {
      this.host.deadLetter(this, returned, 'delivery_limit');
      return;
    }
    this.#ready.putBack(returned);
    this.#readyBytes += entry.message.body.length;
    this.serve();
    if (this.settings.type === 'quorum' && this.settings.overflow === 'drop-head') this.#dropSurplus();
    else this.#limit.grown(this.#load);
  }

  /** A consumer does not want a message that is out. */
  reject(entry: QueuedMessage): void {
    this.#out--;
    if (!this.#deleted) this.host.deadLetter(this, entry, 'rejected');
  }

  get consumerCount(): number {
    return this.#consumers.length;
  }

  addConsumer(consumer: QueueConsumer): void {
    this.#consumers.push(consumer);
    this.serve();
  }

  /** A next one that waited for this is served with `serve`. */
  removeConsumer(consumer: QueueConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index !== -1) this.#consumers.splice(index, 1);
  }

  /** Hands out what consumers have room for. */
  serve(): void {
    if (this.#deleted) return;
    this.#expire();
    while (this.#ready.length > 0) {
      const consumer = this.#consumerWithRoom();
      const entry = consumer === undefined ? undefined : this.#take();
      if (consumer === undefined || entry === undefined) break;
      this.#out++;
      consumer.deliver(entry);
      this.#expire();
    }
    this.#armTimer();
  }

  /** One message less counts here. */
  noteRoom(): void {
    if (this.#limit.shrunk(this.#load)) this.host.retryDeadLetters();
  }

  /** Stops the timer; `serve` starts it again. */
  suspend(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  delete(): void {
    this.#deleted = true;
    this.suspend();
    for (const consumer of this.#consumers.splice(0)) consumer.queueDeleted();
  }

  #newEntry(message: StoredMessage): QueuedMessage {
    const { messageTtlMs, maxPriority, defaultPriority, type } = this.settings;
    const { expiration, priority } = message.properties;
    const ttlMs = Math.min(messageTtlMs, expiration === undefined ? Number.POSITIVE_INFINITY : Number(expiration));
    return {
      message,
      order: this.#nextOrder++,
      priority: Math.min(priority ?? defaultPriority, maxPriority),
      // A message without any time to live still gets the millisecond that it arrives in, as in quorum queues.
      expiresAt: ttlMs === Number.POSITIVE_INFINITY ? ttlMs : this.host.clock.now() + Math.max(1, ttlMs),
      failures: type === 'quorum' ? message.failures : 0,
      returns: 0,
    };
  }

  #add(entry: QueuedMessage): void {
    if (entry.expiresAt !== Number.POSITIVE_INFINITY) this.#mayExpire = true;
    this.#ready.add(entry);
    this.#readyBytes += entry.message.body.length;
  }

  #take(): QueuedMessage | undefined {
    const entry = this.#ready.take();
    if (entry !== undefined) this.#removed(entry);
    return entry;
  }

  #removed(entry: QueuedMessage): void {
    this.#readyBytes -= entry.message.body.length;
    this.noteRoom();
  }

  get #load(): Load {
    return { count: this.#ready.length + this.held.length, bytes: this.#readyBytes };
  }

  #dropSurplus(): void {
    while (this.#ready.length > 0 && this.#limit.isExceeded(this.#load)) {
      const entry = this.#take();
      if (entry !== undefined) this.host.deadLetter(this, entry, 'maxlen');
    }
  }

  #consumerWithRoom(): QueueConsumer | undefined {
    if (this.settings.singleActive) return this.#consumers[0]?.hasRoom() === true ? this.#consumers[0] : undefined;
    for (let tried = 0; tried < this.#consumers.length; tried++) {
      const consumer = this.#consumers[this.#nextConsumer % this.#consumers.length];
      this.#nextConsumer = (this.#nextConsumer + 1) % this.#consumers.length;
      if (consumer?.hasRoom() === true) return consumer;
    }
    return undefined;
  }

  #expire(): void {
    if (!this.#mayExpire) return;
    const now = this.host.clock.now();
    for (let entry = this.#ready.takeExpired(now); entry !== undefined; entry = this.#ready.takeExpired(now)) {
      this.#removed(entry);
      this.host.deadLetter(this, entry, 'expired');
    }
  }

  /** A timer that comes too early only looks again, which is cheaper than setting it anew for each message. */
  #armTimer(): void {
    if (!this.#mayExpire) return;
    const next = this.#ready.nextExpiry();
    if (next === Number.POSITIVE_INFINITY || !this.host.active) {
      this.suspend();
    } else if (next < this.#timerAt) {
      this.#timer?.cancel();
      this.#timerAt = next;
      this.#timer = this.host.clock.schedule(() => this.#timerFired(), next - this.host.clock.now());
    }
  }

  #timerFired(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.serve();
  }
}
