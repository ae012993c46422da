import type { Delivery, QueueReader } from '../broker/broker';
import { QueueMissingError } from '../errors/broker-errors';
import { deadQueueName } from '../topology/names';
import { type DeadLetter, readDeadLetter } from './dead-letter';
import { matchesFilter } from './filter';
import type { DeadLettersOptions, DiscardOptions, ListOptions, ReplayOptions, ReplayProgress } from './options';
import { Pace } from './pace';
import { replayMessage } from './replay-message';
import { replayStaged } from './staged-replay';
import { publishReplay } from './traced-replay';
import { Window } from './window';

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
      if (matchesFilter(letter, options.filter)) found.push(letter);
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
    if (options.staged === true && options.dryRun !== true) {
      return replayStaged(queue, options, this.options, () => this.count(queue));
    }
    return this.#move(queue, options, (delivery, edited) => this.#publishCopy(queue, delivery, edited));
  }

  /** Removes dead letters for good. @returns how many were removed (in a dry run: would be). @throws QueueMissingError */
  async discard(queue: string, options: DiscardOptions = {}): Promise<ReplayProgress> {
    return this.#move(queue, options, async () => undefined);
  }

  #publishCopy(queue: string, delivery: Delivery, edited: Buffer | undefined): Promise<void> {
    const { broker, clock, newId, tracer } = this.options;
    const copy = replayMessage(queue, delivery, clock.now(), newId, edited);
    return publishReplay(tracer, queue, delivery, copy, (message) =>
      broker.publisher.publish(message, { isHeld: true }),
    );
  }

  async #move(
    queue: string,
    options: ReplayOptions,
    act: (delivery: Delivery, edited: Buffer | undefined) => Promise<void>,
  ): Promise<ReplayProgress> {
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const window = new Window(REPLAY_WINDOW);
    const pace = new Pace(this.options.patience, options.ratePerSecond);
    let chosen = 0;
    let done = 0;
    const report = (scanned: number, total: number): ReplayProgress => ({ scanned, done, total });
    const { scanned, total } = await this.#scan(
      queue,
      async (delivery, letter, position) => {
        if (!matchesFilter(letter, options.filter)) return { keep: true, more: true };
        chosen++;
        const more = chosen < limit && options.signal?.aborted !== true;
        if (options.dryRun === true) {
          done++;
          return { keep: true, more };
        }
        const edited = options.edit === undefined ? undefined : await options.edit(letter);
        if (options.edit !== undefined && edited === undefined) {
          chosen--;
          return { keep: true, more: true };
        }
        await pace.next();
        await window.add(async () => {
          await act(delivery, edited);
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
      await new Promise<void>((resolve) => this.options.patience.schedule(resolve, VISIBILITY_CHECK_MS));
    }
  }
}
