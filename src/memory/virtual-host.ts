import type { Clock } from '../time/clock';
import type { QueueSpec } from '../topology/topology';
import { type DeadLetter, isDeathCycle, recordDeath } from './death';
import { ExchangeTable } from './exchange-table';
import { LaterTurns } from './later-turns';
import { MemoryQueue, type QueueHost } from './memory-queue';
import type { QueuedMessage } from './ready-messages';
import type { DeathReason, StoredMessage } from './stored-message';

/** `full`: at least one of its queues refused it; others may have it, as on RabbitMQ. */
export type PublishOutcome = 'stored' | 'unroutable' | 'full' | 'no-exchange';

/**
 * Exchanges, queues and the ways between them: all that several connections share. Synchronous; time comes from the
 * clock, and what has to wait for the caller's return from `turns`.
 */
export class VirtualHost implements QueueHost {
  readonly turns = new LaterTurns();
  readonly exchanges = new ExchangeTable();
  /** Names of locks that a connection holds. */
  readonly locks = new Set<string>();
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #awaitedQueues = new Map<string, Set<() => void>>();
  #active = false;
  #retryScheduled = false;

  constructor(readonly clock: Clock) {}

  get active(): boolean {
    return this.#active;
  }

  /** Called with `true` when the first connection comes, with `false` when the last one goes. */
  setActive(active: boolean): void {
    this.#active = active;
    for (const queue of this.#queues.values()) {
      if (active) queue.serve();
      else queue.suspend();
    }
  }

  queue(name: string): MemoryQueue | undefined {
    return this.#queues.get(name);
  }

  /** Adds a queue; one that exists already stays as it is. */
  declareQueue(spec: QueueSpec): void {
    if (this.#queues.has(spec.name)) return;
    this.#queues.set(spec.name, new MemoryQueue(spec, this));
    const waiting = this.#awaitedQueues.get(spec.name);
    this.#awaitedQueues.delete(spec.name);
    for (const declared of waiting ?? []) this.turns.run(declared);
  }

  /** Deletes a queue and its messages. @returns whether there was one. */
  deleteQueue(name: string): boolean {
    const queue = this.#queues.get(name);
    if (queue === undefined) return false;
    this.#queues.delete(name);
    this.exchanges.unbindQueue(name);
    queue.delete();
    return true;
  }

  /** Calls back once when a queue of this name is declared. @returns a function that ends the waiting. */
  awaitQueue(name: string, declared: () => void): () => void {
    const waiting = this.#awaitedQueues.get(name) ?? new Set();
    this.#awaitedQueues.set(name, waiting.add(declared));
    return () => {
      waiting.delete(declared);
      if (waiting.size === 0 && this.#awaitedQueues.get(name) === waiting) this.#awaitedQueues.delete(name);
    };
  }

  publish(message: StoredMessage): PublishOutcome {
    const { exchange, routingKeys, blindKeys } = message;
    const queues = this.#route(exchange, blindKeys.length === 0 ? routingKeys : [...routingKeys, ...blindKeys]);
    if (queues === undefined) return 'no-exchange';
    if (queues.length === 0) return 'unroutable';
    let stored = true;
    for (const queue of queues) stored = queue.accept(message) && stored;
    return stored ? 'stored' : 'full';
  }

  /** Sends a message that died on its way; without a dead-letter exchange it is gone. */
  deadLetter(source: MemoryQueue, entry: QueuedMessage, reason: DeathReason): void {
    const { deadLetters } = source.settings;
    if (deadLetters === undefined) return;
    const message = recordDeath(entry.message, {
      queue: source.name,
      reason,
      now: this.clock.now(),
      failures: entry.failures,
      returns: source.settings.type === 'quorum' ? entry.returns : 0,
      deadLetterExchange: deadLetters.exchange,
      deadLetterRoutingKey: deadLetters.routingKey,
    });
    const letter: DeadLetter = { message, reached: new Set() };
    if (!this.#forward(letter) && deadLetters.atLeastOnce) source.held.push(letter);
  }

  /**
   * Tries the dead letters that queues hold, in a later turn: there is room in a queue, or a new way. RabbitMQ tries
   * them every three minutes.
   */
  retryDeadLetters(): void {
    if (this.#retryScheduled) return;
    this.#retryScheduled = true;
    this.turns.run(() => {
      this.#retryScheduled = false;
      for (const queue of this.#queues.values()) this.#retryHeldOf(queue);
    });
  }

  /** Whether all its queues have it now. One without any queue has not arrived. */
  #forward({ message, reached }: DeadLetter): boolean {
    const targets = this.#route(message.exchange, message.routingKeys) ?? [];
    const wanted = targets.filter((queue) => !isDeathCycle(message, queue.name));
    for (const queue of wanted) {
      if (!reached.has(queue.name) && queue.accept(message)) reached.add(queue.name);
    }
    return reached.size > 0 && wanted.every((queue) => reached.has(queue.name));
  }

  #route(exchange: string, routingKeys: readonly string[]): readonly MemoryQueue[] | undefined {
    const names = exchange === '' ? new Set(routingKeys) : this.exchanges.route(exchange, routingKeys);
    if (names === undefined) return undefined;
    const queues: MemoryQueue[] = [];
    for (const name of names) {
      const queue = this.#queues.get(name);
      if (queue !== undefined) queues.push(queue);
    }
    return queues;
  }

  #retryHeldOf(queue: MemoryQueue): void {
    for (let left = queue.held.length; left > 0; left--) {
      const letter = queue.held.shift();
      if (letter === undefined) return;
      if (this.#forward(letter)) queue.noteRoom();
      else queue.held.push(letter);
    }
  }
}
