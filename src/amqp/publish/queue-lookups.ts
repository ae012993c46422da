import type { ChannelModel } from 'amqplib';
import { ConnectionClosedError, UnroutableError } from '../../errors/enqueue-errors';
import { queueState } from '../admin/queue-administration';
import type { Publication } from './publication';

export interface QueueLookupHooks {
  /** Sends a message whose queue is there. */
  send(publication: Publication): void;
  /** A queue is not there. */
  onMissing(publication: Publication): void;
}

/** Before a broker that has not answered is asked again over the same connection. */
const ASK_AGAIN_MS = 50;

/**
 * Holds messages whose queue must be there until that is known. The ladder takes any message, so nobody else would notice
 * that no queue waits at its end.
 *
 * Of each queue: unknown → asked → there, for good; asked → missing, which fails the messages that are held, and the next
 * message asks anew. While there is no connection, or where an answer is lost with it, messages stay held and the next
 * connection asks. They fail by their deadlines, as all messages do.
 */
export class QueueLookups {
  readonly #there = new Set<string>();
  readonly #held = new Map<string, Publication[]>();
  #model: ChannelModel | undefined;
  #again: NodeJS.Timeout | undefined;
  #size = 0;

  constructor(private readonly hooks: QueueLookupHooks) {}

  /** How many messages are held. */
  get size(): number {
    return this.#size;
  }

  isThere(queue: string): boolean {
    return this.#there.has(queue);
  }

  hold(queue: string, publication: Publication): void {
    this.#size++;
    const held = this.#held.get(queue);
    if (held !== undefined) {
      held.push(publication);
      return;
    }
    this.#held.set(queue, [publication]);
    void this.#ask(queue);
  }

  connected(model: ChannelModel): void {
    this.#model = model;
    this.#askAll();
  }

  disconnected(): void {
    this.#model = undefined;
    clearTimeout(this.#again);
  }

  /** Ends every message whose deadline has passed. */
  expire(now: number, error: (publication: Publication) => Error): void {
    for (const [queue, held] of [...this.#held]) {
      const late = held.filter(({ deadlineAt }) => deadlineAt <= now);
      if (late.length === 0) continue;
      this.#size -= late.length;
      const kept = held.filter(({ deadlineAt }) => deadlineAt > now);
      if (kept.length === 0) this.#held.delete(queue);
      else this.#held.set(queue, kept);
      for (const publication of late) publication.settle(error(publication));
    }
  }

  /** Ends everything that is held. */
  failAll(error: () => Error): void {
    clearTimeout(this.#again);
    for (const queue of [...this.#held.keys()])
      for (const publication of this.#release(queue)) publication.settle(error());
  }

  #askAll(): void {
    for (const queue of this.#held.keys()) void this.#ask(queue);
  }

  async #ask(queue: string): Promise<void> {
    const model = this.#model;
    if (model === undefined) return;
    try {
      const isThere = (await queueState(model, queue)) !== undefined;
      if (isThere) this.#found(queue);
      else this.#missing(queue);
    } catch (error) {
      // The next connection asks again; so does this one, where it is alive and has not answered.
      if (error instanceof ConnectionClosedError) this.#askAgain(model);
      else for (const publication of this.#release(queue)) publication.settle(error as Error);
    }
  }

  #askAgain(model: ChannelModel): void {
    if (this.#model !== model) return;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#askAll(), ASK_AGAIN_MS);
  }

  #found(queue: string): void {
    this.#there.add(queue);
    for (const publication of this.#release(queue)) this.hooks.send(publication);
  }

  #missing(queue: string): void {
    for (const publication of this.#release(queue)) {
      const { messageId } = publication.target;
      publication.settle(new UnroutableError({ exchange: '', routingKey: queue, messageId }, 'NO_QUEUE'));
      this.hooks.onMissing(publication);
    }
  }

  #release(queue: string): readonly Publication[] {
    const held = this.#held.get(queue) ?? [];
    this.#held.delete(queue);
    this.#size -= held.length;
    return held;
  }
}
