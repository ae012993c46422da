import type { Broker, Delivery, QueueReader } from '../broker/broker';
import { HEADER } from '../message/headers';
import type { OutgoingMessage } from '../message/wire';
import { deadQueueName, replayQueueName } from '../topology/names';
import { replayQueueArguments } from '../topology/queue-arguments';
import { readDeadLetter } from './dead-letter';
import type { DeadLettersOptions, ReplayOptions, ReplayProgress } from './dead-letters';
import { matchesFilter } from './filter';
import { hashOfMark, LetterMarks, letterHash, markOf } from './letter-mark';
import { Pace } from './pace';
import { replayMessage } from './replay-message';
import { Window } from './window';

/** Letters between the two queues at a time: what a killed process leaves to be sorted out. */
const BATCH_LETTERS = 500;
const BATCH_BYTES = 16 * 1024 * 1024;
const WINDOW = 100;
/** The mark of the message that says that a batch is complete. */
const SEAL = 'seal';
/** A quorum queue younger than about a second can come back empty from a kill of its broker. */
const FRESH_QUEUE_MS = 2_000;

/**
 * Replays letters so that a process that is killed at any moment has replayed none of them twice.
 *
 * AMQP cannot move a message from one queue to another in one step, so a move by publish, confirm and acknowledge has
 * a moment in which the message stands in both. Workers take from the home queue, so nobody could tell there. Hence
 * two steps, batch by batch:
 *
 * 1. stage: copy letters to the replay queue, which nobody consumes, with a mark; when all are confirmed, acknowledge
 *    the letters, wait until the broker has taken that, and say so by one more message, the seal.
 * 2. bring home: reject what stands in the replay queue. Its dead-letter exchange leads to the home queue, so the
 *    broker moves each message, and a rejection has either reached it or not. The seal is removed last.
 *
 * A process that begins and finds something staged was preceded by one that was killed. With a seal, step 2 goes on.
 * Without, a letter whose mark stands in the replay queue is only acknowledged (it is staged already) before step 2.
 * A lock keeps two of them from doing this at the same time.
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
    return await new StagedReplay(queue, options, parts).run(await countLetters());
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
    this.#pace = new Pace(parts.clock, options.ratePerSecond);
  }

  async run(total: number): Promise<ReplayProgress> {
    await this.#declare();
    const finished = await this.#finishEarlier(total);
    this.#total = total - finished;
    const letters = await this.#broker.openReader(deadQueueName(this.queue));
    const kept: Delivery[] = [];
    try {
      for (let more = true; more && !this.#aborted; ) {
        more = await this.#stageBatch(letters, kept);
        await this.#bringHome();
      }
    } finally {
      for (const letter of kept) letter.requeue();
      await letters.close();
    }
    return this.#progress();
  }

  get #aborted(): boolean {
    return this.options.signal?.aborted === true;
  }

  /** With a rate, no more is staged than goes home within about a second: an interruption does not wait for longer. */
  get #batchLetters(): number {
    const { ratePerSecond } = this.options;
    return ratePerSecond === undefined ? BATCH_LETTERS : Math.min(BATCH_LETTERS, Math.max(1, Math.ceil(ratePerSecond)));
  }

  async #declare(): Promise<void> {
    const isNew = (await this.#broker.countReady(this.#staging)) === undefined;
    const queues = [{ name: this.#staging, arguments: replayQueueArguments(this.queue) }];
    await this.#broker.declare({ exchanges: [], queues, bindings: [] });
    if (isNew && this.#broker.server.product !== 'memory') {
      await new Promise<void>((resolve) => this.parts.clock.schedule(resolve, FRESH_QUEUE_MS));
    }
  }

  /** Copies the next letters, then removes them from their queue. @returns whether there may be more. */
  async #stageBatch(letters: QueueReader, kept: Delivery[]): Promise<boolean> {
    const window = new Window(WINDOW);
    const marks = new LetterMarks();
    const confirmed: Delivery[] = [];
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
        if (copy === undefined) kept.push(letter);
        else {
          batch++;
          this.#staged++;
          bytes += copy.body.length;
          await window.add(() => this.#broker.publisher.publish(copy).then(() => void confirmed.push(letter)));
        }
      }
      await window.drain();
    } finally {
      await window.idle();
      for (const letter of confirmed) letter.ack();
      if (confirmed.length > 0) {
        await letters.settled();
        await this.#seal();
      }
    }
    return more;
  }

  async #copyOf(letter: Delivery, marks: LetterMarks): Promise<OutgoingMessage | undefined> {
    const read = readDeadLetter(this.queue, letter);
    if (!matchesFilter(read, this.options.filter)) return undefined;
    const edited = await this.options.edit?.(read);
    if (this.options.edit !== undefined && edited === undefined) return undefined;
    const { clock, newId } = this.parts;
    const copy = replayMessage(this.queue, letter, clock.now(), newId, edited);
    const headers = { ...copy.properties.headers, [HEADER.replayMark]: marks.next(letter) };
    return { ...copy, routingKey: this.#staging, properties: { ...copy.properties, headers } };
  }

  /** From here on, no letter stands in its queue whose copy is staged. */
  #seal(): Promise<void> {
    const properties = { messageId: SEAL, headers: { [HEADER.replayMark]: SEAL } };
    return this.#broker.publisher.publish({
      exchange: '',
      routingKey: this.#staging,
      body: Buffer.alloc(0),
      properties,
    });
  }

  #bringHome(): Promise<void> {
    return this.#workOffStaged(async () => undefined);
  }

  /**
   * Everything staged goes home; of copies with one mark (published again over a lost confirm), one.
   * @param unsealed - called first, where no seal stands behind the copies.
   */
  async #workOffStaged(unsealed: (copies: readonly Delivery[]) => Promise<void>): Promise<void> {
    const reader = await this.#broker.openReader(this.#staging);
    try {
      const staged: Delivery[] = [];
      for (let next = await reader.next(); next !== undefined; next = await reader.next()) staged.push(next);
      const seals = staged.filter((message) => markOf(message) === SEAL);
      const copies = staged.filter((message) => markOf(message) !== SEAL);
      if (seals.length === 0 && copies.length > 0) await unsealed(copies);
      const seen = new Set<string>();
      for (const copy of copies) await this.#bringOneHome(copy, seen);
      // Only when the broker has taken every rejection may the seal go.
      await reader.settled();
      for (const seal of seals) seal.ack();
      await reader.settled();
    } finally {
      await reader.close();
    }
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

  /** Sorts out what a killed process has left. @returns how many letters turned out to be staged already. */
  async #finishEarlier(total: number): Promise<number> {
    let already = 0;
    await this.#workOffStaged(async (copies) => {
      already = await this.#removeStaged(copies, total);
    });
    return already;
  }

  /** Acknowledges the letters whose copies are staged. They may stand anywhere among the others. */
  async #removeStaged(copies: readonly Delivery[], total: number): Promise<number> {
    const marks = new Set(copies.flatMap((copy) => markOf(copy) ?? []));
    const copiesByHash = new Map<string, number>();
    for (const mark of marks) copiesByHash.set(hashOfMark(mark), (copiesByHash.get(hashOfMark(mark)) ?? 0) + 1);
    const letters = await this.#broker.openReader(deadQueueName(this.queue));
    const kept: Delivery[] = [];
    let removed = 0;
    try {
      for (let scanned = 0; scanned < total && removed < marks.size; scanned++) {
        const letter = await letters.next();
        if (letter === undefined) break;
        const hash = letterHash(letter);
        const left = copiesByHash.get(hash) ?? 0;
        if (left === 0) kept.push(letter);
        else {
          copiesByHash.set(hash, left - 1);
          letter.ack();
          removed++;
        }
      }
      for (const letter of kept) letter.requeue();
      await letters.settled();
      return removed;
    } finally {
      await letters.close();
    }
  }

  #progress(): ReplayProgress {
    return { scanned: this.#scanned, done: this.#done, total: this.#total };
  }
}
