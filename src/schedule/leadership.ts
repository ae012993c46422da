import type { Delivery, Publisher } from '../broker/broker';
import type { Clock } from '../time/clock';
import { type StateMark, stateMessages } from './message-json';
import { EMPTY_STATE, isNewer, joinStates, type ScheduleState } from './state';
import { decodeState } from './state-json';

export interface LeadershipOptions {
  readonly publisher: Publisher;
  readonly clock: Clock;
  /** The id of this process. */
  readonly worker: string;
}

interface HeldState {
  readonly mark: StateMark;
  readonly delivery: Delivery;
}

/** How long a state may take to be confirmed, and then to come back. */
const WRITE_TIMEOUT_MS = 15_000;
const ECHO_TIMEOUT_MS = 15_000;
/** How long a state may be on its way back that was not to be seen when another one was begun. */
const BEGUN_MS = 60_000;

/**
 * The time in which one process is served from the queue of schedules: it holds the deliveries of states, and
 * acknowledges one only after a newer one was confirmed.
 */
export class Leadership {
  #state: ScheduleState;
  #held: readonly HeldState[];
  /** Written and not yet come back, with the time of writing. */
  readonly #awaited = new Map<number, number>();
  #sureAt = Number.NEGATIVE_INFINITY;
  #mustWrite = true;
  #writeAgainAt = Number.POSITIVE_INFINITY;
  /** Until when it may turn out that there was a state already. */
  readonly #begunUntil: number;

  /** @param found - the newest state of those that are held, or one that stands for none. */
  constructor(
    private readonly options: LeadershipOptions,
    found: ScheduleState,
    held: readonly HeldState[],
  ) {
    this.#state = { ...found, fence: found.fence + 1, seq: 0 };
    this.#held = held;
    this.#begunUntil = found === EMPTY_STATE ? options.clock.now() + BEGUN_MS : Number.NEGATIVE_INFINITY;
  }

  get state(): ScheduleState {
    return this.#state;
  }

  /** Whether the channel that makes it the leader lives, as far as this process knows. */
  get live(): boolean {
    return this.#held.every(({ delivery }) => delivery.live);
  }

  /** Whether the state must be written though it has not changed. */
  mustWrite(now: number): boolean {
    return this.#mustWrite || now >= this.#writeAgainAt;
  }

  /** When it must be written once more though it has not changed, or `Infinity`. */
  get writeAgainAt(): number {
    return this.#writeAgainAt;
  }

  /** Whether something that was written has not come back yet. */
  get awaitsEcho(): boolean {
    return this.#awaited.size > 0;
  }

  /** Whether it is sure that nobody else leads: what it wrote came back so shortly ago. A clock that went back proves nothing. */
  isSure(now: number, leaseMs: number): boolean {
    const age = now - this.#sureAt;
    return age >= 0 && age < leaseMs;
  }

  /** When an echo is overdue, or `Infinity`. */
  get echoDueAt(): number {
    return Math.min(...this.#awaited.values()) + ECHO_TIMEOUT_MS;
  }

  /** Takes a state that was delivered: its own, come back, or what an earlier leader still wrote. */
  receive(delivery: Delivery, mark: StateMark): void {
    if (mark.leader === this.options.worker && mark.fence === this.#state.fence) {
      this.#sureAt = this.#awaited.get(mark.seq) ?? this.#sureAt;
      for (const seq of this.#awaited.keys()) if (seq <= mark.seq) this.#awaited.delete(seq);
      this.#held = [...this.#held, { mark, delivery }];
      if (mark.seq <= this.#state.seq) this.#releaseOlder();
      return;
    }
    const isNews = mark.fence > this.#state.fence || this.options.clock.now() < this.#begunUntil;
    const missed = isNews ? decodeState(delivery.body) : undefined;
    if (missed === undefined) delivery.ack();
    else {
      // It was on its way back from a consumer that was cancelled, and nobody was looking at a copy of it.
      this.#state = joinStates(missed, this.#state);
      this.#held = [...this.#held, { mark, delivery }];
    }
    // Who is served from the queue leads. The late one's copy for readers may stand over ours, or come yet: write again,
    // with a number above, now and when nothing of that can come any more.
    this.#writeAgainAt = this.options.clock.now() + WRITE_TIMEOUT_MS;
    this.#state = { ...this.#state, fence: Math.max(this.#state.fence, mark.fence + 1) };
    this.#awaited.clear();
    this.#mustWrite = true;
  }

  /**
   * Writes a state: it counts once it is confirmed. Older ones are acknowledged then, and not before.
   * @throws what publishing throws; the place of the leader is then to be given up.
   */
  async write(state: ScheduleState): Promise<void> {
    const written = { ...state, fence: this.#state.fence, seq: this.#state.seq + 1 };
    const messages = stateMessages(written, this.options.worker);
    const now = this.options.clock.now();
    this.#awaited.set(written.seq, now);
    this.#mustWrite = false;
    if (now >= this.#writeAgainAt) this.#writeAgainAt = Number.POSITIVE_INFINITY;
    // A copy for readers that was confirmed alone tells of a change that is made again: nothing was acknowledged.
    const publish = messages.map((message) => this.options.publisher.publish(message, { timeoutMs: WRITE_TIMEOUT_MS }));
    await Promise.all(publish);
    this.#state = written;
    this.#releaseOlder();
  }

  /** Keeps the newest one that is known to be in the queue; of two copies of it, one. */
  #releaseOlder(): void {
    const { fence, seq } = this.#state;
    const kept: HeldState[] = [];
    for (const held of this.#held) {
      const isCurrent = held.mark.fence === fence && held.mark.seq === seq;
      const isOld = isNewer({ fence, seq }, held.mark) || (isCurrent && kept.some(({ mark }) => mark.seq === seq));
      if (isOld && seq > 0) held.delivery.ack();
      else kept.push(held);
    }
    this.#held = kept;
  }
}
