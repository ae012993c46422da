import { Fifo } from '../collections/fifo';
import type { StoredMessage } from './stored-message';

/** A message in one queue. */
export interface QueuedMessage {
  readonly message: StoredMessage;
  /** The order of arrival in this queue. */
  readonly order: number;
  readonly priority: number;
  /** Milliseconds since 1970; `Infinity`: never. */
  readonly expiresAt: number;
  /** Deliveries that failed: a channel or connection was lost before they were settled. */
  readonly failures: number;
  /** Deliveries that came back, for whatever reason. */
  readonly returns: number;
}

/** Above every priority: where a quorum queue keeps what came back. */
const RETURNED = Number.POSITIVE_INFINITY;

/** The messages of a queue that wait for a consumer, in the order in which they go out. */
export interface ReadyMessages {
  readonly length: number;
  add(entry: QueuedMessage): void;
  /** Takes a message back that was out. */
  putBack(entry: QueuedMessage): void;
  take(): QueuedMessage | undefined;
  /** All of them, in the order in which `take` would give them. */
  inOrder(): readonly QueuedMessage[];
  /** Takes the next message that is due and stands first in its lane; nothing behind another one expires. */
  takeExpired(now: number): QueuedMessage | undefined;
  /** When the first lane's head expires; `Infinity`: none does. */
  nextExpiry(): number;
}

/** Strict priorities; each is a lane of its own, so a message is only ever held up by its equals. */
abstract class LanedMessages implements ReadyMessages {
  /** Highest priority first. Lanes stay once they are made: there are few priorities, and they come again. */
  readonly #lanes: Lane[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(entry: QueuedMessage): void {
    this.lane(entry.priority).fresh.push(entry);
    this.#length++;
  }

  putBack(entry: QueuedMessage): void {
    this.insertReturned(entry);
    this.#length++;
  }

  take(): QueuedMessage | undefined {
    for (const lane of this.#lanes) {
      if (lane.head() === undefined) continue;
      this.#length--;
      return lane.shift();
    }
    return undefined;
  }

  inOrder(): readonly QueuedMessage[] {
    return this.#lanes.flatMap((lane) => lane.inOrder());
  }

  takeExpired(now: number): QueuedMessage | undefined {
    for (const lane of this.#lanes) {
      const head = lane.head();
      if (head === undefined || head.expiresAt > now) continue;
      this.#length--;
      return lane.shift();
    }
    return undefined;
  }

  nextExpiry(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes) next = Math.min(next, lane.head()?.expiresAt ?? Number.POSITIVE_INFINITY);
    return next;
  }

  protected abstract insertReturned(entry: QueuedMessage): void;

  protected lane(priority: number): Lane {
    const index = this.#lanes.findIndex((lane) => lane.priority <= priority);
    const found = this.#lanes[index];
    if (found?.priority === priority) return found;
    const lane = new Lane(priority);
    this.#lanes.splice(index === -1 ? this.#lanes.length : index, 0, lane);
    return lane;
  }
}

/** A quorum queue redelivers what came back before everything else, in the order of its return, whatever its priority. */
export class QuorumMessages extends LanedMessages {
  protected override insertReturned(entry: QueuedMessage): void {
    this.lane(RETURNED).fresh.push(entry);
  }
}

/** A classic queue puts back what came back where it was. */
export class ClassicMessages extends LanedMessages {
  protected override insertReturned(entry: QueuedMessage): void {
    this.lane(entry.priority).insert(entry);
  }
}

class Lane {
  readonly fresh = new Fifo<QueuedMessage>();
  /** Youngest first, so that the oldest is popped. All are older than `fresh`, since they went out before it. */
  readonly #returned: QueuedMessage[] = [];

  constructor(readonly priority: number) {}

  head(): QueuedMessage | undefined {
    return this.#returned.at(-1) ?? this.fresh.peek();
  }

  shift(): QueuedMessage | undefined {
    return this.#returned.pop() ?? this.fresh.shift();
  }

  inOrder(): readonly QueuedMessage[] {
    return [...this.#returned].reverse().concat([...this.fresh]);
  }

  insert(entry: QueuedMessage): void {
    let low = 0;
    let high = this.#returned.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#returned[middle]?.order ?? 0) > entry.order) low = middle + 1;
      else high = middle;
    }
    this.#returned.splice(low, 0, entry);
  }
}
