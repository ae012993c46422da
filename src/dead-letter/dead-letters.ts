import type { Delivery } from '../broker/broker';
import { QueueMissingError } from '../errors/broker-errors';
import { deadQueueName } from '../topology/names';
import type { DeadLetter } from './dead-letter';
import { matchesFilter } from './filter';
import type {
  DeadLettersOptions,
  DiscardOptions,
  EachOptions,
  ListOptions,
  ReplayOptions,
  ReplayProgress,
} from './options';
import { Pace } from './pace';
import { checkQueueName, editedPayload, readDeadLetterOptions } from './read-options';
import { replayMessage } from './replay-message';
import { eachLetter, scanLetters, type Verdict } from './scan-letters';
import { replayStaged } from './staged-replay';
import { publishReplay } from './traced-replay';
import { Window } from './window';

const DEFAULT_LIST_LIMIT = 100;
/** Copies on their way at the same time. */
const REPLAY_WINDOW = 100;

/**
 * Reads, replays and discards dead letters. Looking uses nothing up: a call that looks resolves when every letter that
 * it did not replay or discard is back in its queue, in its old order. While a call looks, the letters that it holds
 * are hidden from others.
 */
export class DeadLetters {
  constructor(private readonly options: DeadLettersOptions) {}

  /**
   * How many dead letters of a home queue there are.
   * @throws QueueMissingError when it has no dead-letter queue.
   * @throws NotStartedError before the app has started.
   */
  async count(queue: string): Promise<number> {
    this.options.assertReady('count dead letters');
    checkQueueName('deadLetters.count', queue);
    return this.#count(queue);
  }

  /**
   * The oldest dead letters of a home queue, at most 100 where no `limit` is given. Use `each` for as many as there are.
   * @throws QueueMissingError
   * @throws InvalidOptionsError, NotStartedError: nothing was read.
   */
  async list(queue: string, options: ListOptions = {}): Promise<readonly DeadLetter[]> {
    this.options.assertReady('list dead letters');
    const { filter, limit = DEFAULT_LIST_LIMIT } = readDeadLetterOptions('list', queue, options);
    const found: DeadLetter[] = [];
    await scanLetters({
      broker: this.options.broker,
      queue,
      total: await this.#count(queue),
      maxAhead: aheadOf(limit, filter),
      visit: (_delivery, letter) => {
        if (matchesFilter(letter, filter)) found.push(letter);
        return { keep: true, more: found.length < limit };
      },
    });
    return found;
  }

  /**
   * The dead letters of a home queue one by one, oldest first, however many there are: one at a time is in memory, and a
   * few that come next. All that were read go back when the loop ends.
   * @throws QueueMissingError
   * @throws InvalidOptionsError, NotStartedError: nothing was read.
   *
   * @example
   * ```ts
   * for await (const letter of app.deadLetters.each('emails', { filter: { reason: 'exhausted' } })) {
   *   console.log(letter.id, letter.error?.message);
   * }
   * ```
   */
  async *each(queue: string, options: EachOptions = {}): AsyncGenerator<DeadLetter, void, void> {
    this.options.assertReady('read dead letters');
    const { filter, signal, limit = Number.POSITIVE_INFINITY } = readDeadLetterOptions('each', queue, options);
    const total = await this.#count(queue);
    const letters = eachLetter({
      broker: this.options.broker,
      queue,
      total,
      signal,
      maxAhead: aheadOf(limit, filter),
    });
    let found = 0;
    for await (const letter of letters) {
      if (!matchesFilter(letter, filter)) continue;
      yield letter;
      if (++found >= limit) return;
    }
  }

  /**
   * Brings dead letters back to work: each copy is confirmed by the home queue before the letter is removed, so that
   * a crash leaves a letter and a task with the same id, never neither. Attempts start again at 1. Letters that die
   * again meanwhile are not replayed twice.
   *
   * @returns how many were replayed (in a dry run: would be).
   * @throws QueueMissingError, and what `enqueue` throws: the letters not yet replayed then stay.
   * @throws InvalidOptionsError, NotStartedError: no letter was touched.
   */
  async replay(queue: string, options: ReplayOptions = {}): Promise<ReplayProgress> {
    this.options.assertReady('replay dead letters');
    const resolved = readDeadLetterOptions('replay', queue, options);
    if (resolved.staged === true && resolved.dryRun !== true) {
      return replayStaged(queue, resolved, this.options, () => this.#count(queue));
    }
    return this.#move(queue, resolved, (delivery, edited) => this.#publishCopy(queue, delivery, edited));
  }

  /**
   * Removes dead letters for good.
   * @returns how many were removed (in a dry run: would be).
   * @throws QueueMissingError
   * @throws InvalidOptionsError, NotStartedError: no letter was touched.
   */
  async discard(queue: string, options: DiscardOptions = {}): Promise<ReplayProgress> {
    this.options.assertReady('discard dead letters');
    return this.#move(queue, readDeadLetterOptions('discard', queue, options), async () => undefined);
  }

  async #count(queue: string): Promise<number> {
    const count = await this.options.broker.countReady(deadQueueName(queue));
    if (count === undefined) throw new QueueMissingError(deadQueueName(queue));
    return count;
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
    const { filter, signal, dryRun = false, limit = Number.POSITIVE_INFINITY } = options;
    const window = new Window(REPLAY_WINDOW);
    const pace = new Pace(this.options.patience, options.ratePerSecond);
    const total = await this.#count(queue);
    let chosen = 0;
    let done = 0;
    const scanned = await scanLetters({
      broker: this.options.broker,
      queue,
      total,
      signal,
      maxAhead: aheadOf(limit, filter ?? options.edit),
      visit: async (delivery, letter, position): Promise<Verdict> => {
        if (!matchesFilter(letter, filter)) return { keep: true, more: true };
        const edited = dryRun || options.edit === undefined ? undefined : editedPayload(await options.edit(letter));
        if (!dryRun && options.edit !== undefined && edited === undefined) return { keep: true, more: true };
        const more = ++chosen < limit;
        if (dryRun) {
          done++;
          return { keep: true, more };
        }
        await pace.next();
        await window.add(async () => {
          await act(delivery, edited);
          delivery.ack();
          done++;
          options.onProgress?.({ scanned: position.scanned, done, total });
        });
        return { keep: false, more };
      },
      finish: () => window.drain(),
    });
    return { scanned, done, total };
  }
}

/** Where every letter counts, no more than `limit` of them have to come. */
const aheadOf = (limit: number, choice: unknown): number | undefined =>
  choice === undefined && limit < MAX_AHEAD ? limit : undefined;

const MAX_AHEAD = 512;
