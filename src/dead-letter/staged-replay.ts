import type { Broker, Delivery, QueueReader, QueueScan } from '../broker/broker';
import { HEADER } from '../message/headers';
import type { OutgoingMessage } from '../message/wire';
import { deadQueueName, replayQueueName } from '../topology/names';
import { replayQueueArguments } from '../topology/queue-arguments';
import { readDeadLetter } from './dead-letter';
import { matchesFilter } from './filter';
import { hashOfMark, LetterMarks, letterHash, markOf } from './letter-mark';
import type { DeadLettersOptions, ReplayOptions, ReplayProgress } from './options';
import { Pace } from './pace';
import { editedPayload } from './read-options';
import { replayMessage } from './replay-message';
import { publishReplay } from './traced-replay';
import { Window } from './window';

/** Letters between the two queues at a time: what a killed process leaves to be sorted out. */
const BATCH_LETTERS = 500;
const BATCH_BYTES = 16 * 1024 * 1024;
/** Copies on their way at the same time. */
const WINDOW = 100;
/**
 * Settlements that a quorum queue's client within the broker has under way: from 32 on it keeps them to itself, and a
 * channel that closes then loses them. So nothing is settled faster than the queue takes it.
 */
const SETTLED_AT_ONCE = 16;
/** What a connection held that has just died is back in its queue after that. */
const RETURN_MS = 1_000;
const SILENCE_MS = 5_000;
/** Letters that wait unread while somebody edits one that a filter let through. */
const EDITED_AHEAD = 100;
const MAX_PREFETCH = 65_535;
/** A quorum queue younger than about a second can come back empty from a kill of its broker. */
const FRESH_QUEUE_MS = 2_000;

/**
 * Replays letters so that a process that is killed at any moment has replayed none of them twice.
 *
 * AMQP cannot move a message from one queue to another in one step, so a move by publish, confirm and acknowledge has
 * a moment in which the message stands in both. Workers take from the home queue, so nobody could tell there. Hence
 * two steps, batch by batch:
 *
 * 1. stage: copy letters to the replay queue, which nobody consumes, with a mark; acknowledge each letter when its copy
 *    is confirmed, and at the end wait until the broker has taken that.
 * 2. bring home: reject what stands in the replay queue. Its dead-letter exchange leads to the home queue, so the
 *    broker moves each message, and a rejection has either reached it or not.
 *
 * A process that begins and finds something staged was preceded by one that was killed. It looks through the letters
 * first: one whose mark stands in the replay queue is staged already, and only acknowledged. Then it goes on with step
 * 2. A lock keeps two of them from doing this at the same time.
 *
 * What remains is the broker's own: its at-least-once dead-lettering may deliver twice when the broker itself crashes
 * in the middle, and acknowledgements that it has lost with a crash leave a letter that was replayed.
 */
export async function replayStaged(
  queue: string,
  options: ReplayOptions,
  parts: DeadLettersOptions,
  countLetters: () => Promise<number>,
): Promise<ReplayProgress> {
  const unlock = await parts.broker.lock(`${replayQueueName(queue)}.lock`);
  try {
    return await new StagedReplay(queue, options, parts).run(countLetters);
  } finally {
    await unlock();
  }
}

class StagedReplay {
  readonly #broker: Broker;
  readonly #staging: string;
  readonly #pace: Pace;
  #scanned = 0;
  #staged = 0;
  #done = 0;
  #total = 0;

  constructor(
    private readonly queue: string,
    private readonly options: ReplayOptions,
    private readonly parts: DeadLettersOptions,
  ) {
    this.#broker = parts.broker;
    this.#staging = replayQueueName(queue);
    this.#pace = new Pace(parts.patience, options.ratePerSecond);
  }

  async run(countLetters: () => Promise<number>): Promise<ReplayProgress> {
    await this.#declare();
    await this.#finishEarlier();
    // The letters that were staged already are no longer among them.
    this.#total = await countLetters();
    const letters = await this.#broker.openScan(deadQueueName(this.queue), this.#maxAhead);
    try {
      for (let more = true; more && !this.#aborted; ) {
        more = await this.#stageBatch(letters);
        await this.#bringHome();
      }
    } finally {
      await letters.close();
    }
    await this.#bringAllHome();
    return this.#progress();
  }

  get #aborted(): boolean {
    return this.options.signal?.aborted === true;
  }

  /**
   * With a rate, no more is staged than goes home within about a second: an interruption does not wait for longer. An
   * edited letter goes home before the next one is looked at, and none is held while somebody thinks.
   */
  get #batchLetters(): number {
    const { ratePerSecond, edit } = this.options;
    if (edit !== undefined) return 1;
    return ratePerSecond === undefined ? BATCH_LETTERS : Math.min(BATCH_LETTERS, Math.max(1, Math.ceil(ratePerSecond)));
  }

  /** A filter lets letters pass by which stay: to read them one by one costs a consumer for each. */
  get #maxAhead(): number {
    return this.options.edit === undefined || this.options.filter === undefined ? this.#batchLetters : EDITED_AHEAD;
  }

  async #declare(): Promise<void> {
    const isNew = (await this.#broker.countReady(this.#staging)) === undefined;
    const queues = [{ name: this.#staging, arguments: replayQueueArguments(this.queue) }];
    await this.#broker.declare({ exchanges: [], queues, bindings: [] });
    if (isNew && !this.#broker.capabilities.countsAtOnce) {
      await this.#pause(FRESH_QUEUE_MS);
    }
  }

  /** Copies the next letters, then removes them from their queue. @returns whether there may be more. */
  async #stageBatch(letters: QueueScan): Promise<boolean> {
    const window = new Window(WINDOW);
    const marks = new LetterMarks();
    const copied: Delivery[] = [];
    const limit = this.options.limit ?? Number.POSITIVE_INFINITY;
    let bytes = 0;
    let more = true;
    try {
      for (let batch = 0; batch < this.#batchLetters && bytes < BATCH_BYTES && !this.#aborted; ) {
        const letter = this.#scanned < this.#total && this.#staged < limit ? await letters.next() : undefined;
        more = letter !== undefined;
        if (letter === undefined) break;
        this.#scanned++;
        const copy = await this.#copyOf(letter, marks);
        if (copy === undefined) letters.keep(letter);
        else {
          batch++;
          this.#staged++;
          bytes += copy.body.length;
          await window.add(async () => {
            await publishReplay(this.parts.tracer, this.queue, letter, copy, (message) =>
              this.#broker.publisher.publish(message, { isHeld: true }),
            );
            copied.push(letter);
          });
        }
      }
      await window.drain();
    } finally {
      await window.idle();
      await settleAll(copied, letters, (letter) => letter.ack());
    }
    return more;
  }

  async #copyOf(letter: Delivery, marks: LetterMarks): Promise<OutgoingMessage | undefined> {
    const read = readDeadLetter(this.queue, letter);
    if (!matchesFilter(read, this.options.filter)) return undefined;
    const edited = editedPayload(await this.options.edit?.(read));
    if (this.options.edit !== undefined && edited === undefined) return undefined;
    const { clock, newId } = this.parts;
    const copy = replayMessage(this.queue, letter, clock.now(), newId, edited);
    const headers = { ...copy.properties.headers, [HEADER.replayMark]: marks.next(letter) };
    return { ...copy, routingKey: this.#staging, properties: { ...copy.properties, headers } };
  }

  /**
   * Everything staged goes home; of copies with one mark (published again over a lost confirm), one.
   * @param onFound - called with the copies before the first one goes.
   */
  async #bringHome(onFound?: (copies: readonly Delivery[]) => Promise<void>): Promise<void> {
    const reader = await this.#broker.openReader(this.#staging, BATCH_LETTERS);
    try {
      const copies: Delivery[] = [];
      for (let next = await reader.next(); next !== undefined; next = await reader.next()) copies.push(next);
      if (copies.length === 0) return;
      await onFound?.(copies);
      const seen = new Set<string>();
      await settleAll(copies, reader, (copy) => this.#bringOneHome(copy, seen));
    } finally {
      await reader.close();
    }
  }

  async #bringAllHome(onFound?: (copies: readonly Delivery[]) => Promise<void>): Promise<void> {
    while (((await this.#broker.countReady(this.#staging)) ?? 0) > 0) await this.#bringHome(onFound);
  }

  async #bringOneHome(copy: Delivery, seen: Set<string>): Promise<void> {
    const mark = markOf(copy);
    if (mark !== undefined && seen.has(mark)) {
      copy.ack();
      return;
    }
    if (mark !== undefined) seen.add(mark);
    await this.#pace.next();
    copy.reject();
    this.#done++;
    this.options.onProgress?.(this.#progress());
  }

  /** Sorts out what a killed process has left. */
  async #finishEarlier(): Promise<void> {
    if (!this.#broker.capabilities.countsAtOnce) await this.#pause(RETURN_MS);
    await this.#bringAllHome(async (copies) => {
      // Again, until there are none: an acknowledgement can be lost when a channel closes.
      let removed: number;
      do removed = await this.#removeStaged(copies);
      while (removed > 0);
    });
  }

  /**
   * Acknowledges the letters whose copies are staged. They were given back and so come first, but others of that
   * process may stand between them: all are looked at, up to the broker's largest prefetch. Those that are not meant
   * go back when the channel closes.
   */
  async #removeStaged(copies: readonly Delivery[]): Promise<number> {
    const queue = deadQueueName(this.queue);
    const total = Math.min(MAX_PREFETCH, (await this.#broker.countReady(queue)) ?? 0);
    if (total === 0) return 0;
    const staged = new StagedLetters(copies);
    let scanned = 0;
    let lastAt = this.parts.patience.now();
    const subscription = await this.#broker.subscribe({
      queue,
      prefetch: total,
      onDelivery: (letter) => {
        scanned++;
        lastAt = this.parts.patience.now();
        if (staged.take(letterHash(letter))) letter.ack();
      },
    });
    // The count may be of a moment ago: silence ends it too.
    while (scanned < total && staged.left > 0 && this.parts.patience.now() - lastAt < SILENCE_MS) await this.#pause(20);
    await subscription.close();
    await this.#untilBack(queue, total - staged.removed);
    return staged.removed;
  }

  /** What went back can be counted again; not for ever, since others may take letters too. */
  async #untilBack(queue: string, count: number): Promise<void> {
    const until = this.parts.patience.now() + SILENCE_MS;
    while (((await this.#broker.countReady(queue)) ?? 0) < count && this.parts.patience.now() < until)
      await this.#pause(20);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.parts.patience.schedule(resolve, ms));
  }

  #progress(): ReplayProgress {
    return { scanned: this.#scanned, done: this.#done, total: this.#total };
  }
}

/** Settles one after the other, and waits after a few each time until their queue has taken that. */
async function settleAll(
  deliveries: readonly Delivery[],
  reader: QueueReader,
  settle: (delivery: Delivery) => unknown,
): Promise<void> {
  for (const [index, delivery] of deliveries.entries()) {
    await settle(delivery);
    if (index % SETTLED_AT_ONCE === SETTLED_AT_ONCE - 1 || index === deliveries.length - 1) await reader.settled();
  }
}

/** The copies that stand in the replay queue, as the letters that they were made of. */
class StagedLetters {
  left = 0;
  removed = 0;
  readonly #byHash = new Map<string, number>();

  constructor(copies: readonly Delivery[]) {
    for (const mark of new Set(copies.flatMap((copy) => markOf(copy) ?? []))) {
      this.#byHash.set(hashOfMark(mark), (this.#byHash.get(hashOfMark(mark)) ?? 0) + 1);
      this.left++;
    }
  }

  /** Whether a letter of this hash is staged. Equal letters are told apart by their number. */
  take(hash: string): boolean {
    const count = this.#byHash.get(hash) ?? 0;
    if (count === 0) return false;
    this.#byHash.set(hash, count - 1);
    this.left--;
    this.removed++;
    return true;
  }
}
