import type { Broker, Delivery, QueueReader } from '../broker/broker';
import { QueueMissingError } from '../errors/broker-errors';
import type { Clock } from '../time/clock';
import { deadQueueName } from '../topology/names';
import { type DeadLetter, readDeadLetter } from './dead-letter';
import { replayMessage } from './replay-message';

/** Which dead letters are meant. All conditions that are given must hold. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  readonly task?: string;
  readonly reason?: DeadLetter['reason'];
  /** Anything else. */
  readonly where?: (letter: DeadLetter) => boolean;
}

export interface ListOptions {
  readonly filter?: DeadLetterFilter;
  /** At most so many letters are returned. @defaultValue 100 */
  readonly limit?: number;
}

export interface ReplayOptions {
  readonly filter?: DeadLetterFilter;
  /** At most so many letters are replayed. @defaultValue all that were there at the start */
  readonly limit?: number;
  /** At most so many a second. @defaultValue no limit */
  readonly ratePerSecond?: number;
  /** Only counts what would be done. @defaultValue false */
  readonly dryRun?: boolean;
  /** Stops between two letters; what was not replayed stays. */
  readonly signal?: AbortSignal;
  /** Told after each letter. */
  readonly onProgress?: (progress: ReplayProgress) => void;
}

export type DiscardOptions = Omit<ReplayOptions, 'ratePerSecond'>;

export interface ReplayProgress {
  /** Letters looked at. */
  readonly scanned: number;
  /** Letters replayed, or discarded. */
  readonly done: number;
  /** Letters that were there at the start. */
  readonly total: number;
}

export interface DeadLettersOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly newId: () => string;
}

const DEFAULT_LIST_LIMIT = 100;
/** A quorum queue takes a moment to show what was given back to it. */
const VISIBILITY_CHECK_MS = 10;
const MAX_VISIBILITY_CHECKS = 100;
/** Copies on their way at the same time. */
const REPLAY_WINDOW = 100;

/**
 * Reads, replays and discards dead letters. Looking uses nothing up: every letter that is not replayed or discarded
 * goes back in its order. While a call looks, the letters it holds are hidden from others.
 */
export class DeadLetters {
  constructor(private readonly options: DeadLettersOptions) {}

  /**
   * How many dead letters of a home queue there are.
   * @throws QueueMissingError when it has no dead-letter queue.
   */
  async count(queue: string): Promise<number> {
    const count = await this.options.broker.countReady(deadQueueName(queue));
    if (count === undefined) throw new QueueMissingError(deadQueueName(queue));
    return count;
  }

  /**
   * The oldest dead letters of a home queue.
   * @throws QueueMissingError
   */
  async list(queue: string, options: ListOptions = {}): Promise<readonly DeadLetter[]> {
    const limit = options.limit ?? DEFAULT_LIST_LIMIT;
    const found: DeadLetter[] = [];
    await this.#scan(queue, async (_delivery, letter) => {
      if (matches(letter, options.filter)) found.push(letter);
      return { keep: true, more: found.length < limit };
    });
    return found;
  }

  /**
   * Brings dead letters back to work: each copy is confirmed by the home queue before the letter is removed, so that
   * a crash leaves a letter and a task with the same id, never neither. Attempts start again at 1. Letters that die
   * again meanwhile are not replayed twice.
   *
   * @returns how many were replayed (in a dry run: would be).
   * @throws QueueMissingError, and what `enqueue` throws: the letters not yet replayed then stay.
   */
  async replay(queue: string, options: ReplayOptions = {}): Promise<ReplayProgress> {
    return this.#move(queue, options, (delivery) => this.#publishCopy(queue, delivery));
  }

  /** Removes dead letters for good. @returns how many were removed (in a dry run: would be). @throws QueueMissingError */
  async discard(queue: string, options: DiscardOptions = {}): Promise<ReplayProgress> {
    return this.#move(queue, options, async () => undefined);
  }

  #publishCopy(queue: string, delivery: Delivery): Promise<void> {
    const { broker, clock, newId } = this.options;
    return broker.publisher.publish(replayMessage(queue, delivery, clock.now(), newId));
  }

  async #move(
    queue: string,
    options: ReplayOptions,
    act: (delivery: Delivery) => Promise<void>,
  ): Promise<ReplayProgress> {
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const window = new Window(REPLAY_WINDOW);
    const pace = new Pace(this.options.clock, options.ratePerSecond);
    let chosen = 0;
    let done = 0;
    const report = (scanned: number, total: number): ReplayProgress => ({ scanned, done, total });
    const { scanned, total } = await this.#scan(
      queue,
      async (delivery, letter, position) => {
        if (!matches(letter, options.filter)) return { keep: true, more: true };
        chosen++;
        const more = chosen < limit && options.signal?.aborted !== true;
        if (options.dryRun === true) {
          done++;
          return { keep: true, more };
        }
        await pace.next();
        await window.add(async () => {
          await act(delivery);
          delivery.ack();
          done++;
          options.onProgress?.(report(position.scanned, position.total));
        });
        return { keep: false, more };
      },
      options.signal,
      () => window.drain(),
    );
    return report(scanned, total);
  }

  /**
   * Reads up to as many letters as were there at the start. Those to keep are given back at the end, in order, with
   * a nack: only a channel that closes over them would count a failure.
   */
  async #scan(
    queue: string,
    visit: (
      delivery: Delivery,
      letter: DeadLetter,
      position: { scanned: number; total: number },
    ) => Promise<{ keep: boolean; more: boolean }>,
    signal?: AbortSignal,
    finish: () => Promise<void> = async () => undefined,
  ): Promise<{ readonly scanned: number; readonly total: number }> {
    const total = await this.count(queue);
    const reader = await this.options.broker.openReader(deadQueueName(queue));
    const kept: Delivery[] = [];
    let scanned = 0;
    try {
      while (scanned < total && signal?.aborted !== true) {
        const delivery = await reader.next();
        if (delivery === undefined) break;
        scanned++;
        const verdict = await visit(delivery, readDeadLetter(queue, delivery), { scanned, total });
        if (verdict.keep) kept.push(delivery);
        if (!verdict.more) break;
      }
    } finally {
      await finish().finally(() => this.#giveBack(queue, kept, reader));
    }
    return { scanned, total };
  }

  /** Gives letters back and waits until they can be seen again, so that two calls in a row see the same. */
  async #giveBack(queue: string, kept: readonly Delivery[], reader: QueueReader): Promise<void> {
    for (const delivery of kept) delivery.requeue();
    await reader.close();
    // Others may take them meanwhile: after a while it is not for us to wait for.
    for (let ask = 0; ask < MAX_VISIBILITY_CHECKS && (await this.count(queue)) < kept.length; ask++) {
      await new Promise<void>((resolve) => this.options.clock.schedule(resolve, VISIBILITY_CHECK_MS));
    }
  }
}

function matches(letter: DeadLetter, filter: DeadLetterFilter | undefined): boolean {
  if (filter === undefined) return true;
  const { ids, task, reason, where } = filter;
  if (ids !== undefined && (letter.id === undefined || !ids.includes(letter.id))) return false;
  if (task !== undefined && letter.task !== task) return false;
  if (reason !== undefined && letter.reason !== reason) return false;
  return where === undefined || where(letter);
}

/** Lets a bounded number of jobs run at the same time; the first failure is thrown by the next `add`, or by `drain`. */
class Window {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly size: number) {}

  async add(job: () => Promise<void>): Promise<void> {
    if (this.#running.size >= this.size) await Promise.race(this.#running);
    this.#throwFailure();
    const running: Promise<void> = job()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async drain(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** Spaces calls evenly. */
class Pace {
  #nextAt = 0;
  readonly #intervalMs: number;

  constructor(
    private readonly clock: Clock,
    ratePerSecond: number | undefined,
  ) {
    this.#intervalMs = ratePerSecond === undefined ? 0 : 1000 / ratePerSecond;
  }

  async next(): Promise<void> {
    if (this.#intervalMs === 0) return;
    const now = this.clock.now();
    const waitMs = this.#nextAt - now;
    this.#nextAt = Math.max(now, this.#nextAt) + this.#intervalMs;
    if (waitMs > 0) await new Promise<void>((resolve) => this.clock.schedule(resolve, waitMs));
  }
}
