import { createHmac, randomBytes } from 'node:crypto';
import type { Delivery, Publisher } from '../../broker/broker';
import type { Clock } from '../../time/clock';
import { joinedWithin } from '../state/limits';
import { type StateMark, stateMessages } from '../state/message-json';
import type { ReceivedState } from '../state/received';
import type { ScheduleState } from '../state/state';
import { decodeState, MAX_FENCE } from '../state/state-json';

export interface LeadershipOptions {
  readonly publisher: Publisher;
  readonly clock: Clock;
  /** The id of this process. */
  readonly worker: string;
}

/** What a leader begins with. */
export interface Founding {
  /** The newest state, or one that stands for none. */
  readonly found: ScheduleState;
  /** The deliveries of states: of `found`, and of others. */
  readonly held: readonly ReceivedState[];
  /** Whether no other state can exist: every message of the queue has been delivered, and `found` was among them. */
  readonly isCertain: boolean;
}

interface HeldState {
  readonly delivery: Delivery;
  /** The number of the state, if this leader wrote it. */
  readonly ownSeq: number | undefined;
  /** The delivery is acknowledged when a state of this leader with this number, or a higher one, has come back. */
  readonly until: number;
}

/** How long the broker may take to confirm a state that was published, and then to deliver it back to this process. */
const WRITE_TIMEOUT_MS = 15_000;
const ECHO_TIMEOUT_MS = 15_000;
/** A state that was not visible when this leader began can still return to the queue for so long. */
const UNCERTAIN_MS = 60_000;
/** A fence in a foreign state that is further ahead than this is taken for a forgery, and ignored. */
const MAX_FENCE_STEP = 1_000_000;

/**
 * One process's time as the active consumer of the queue of schedules, which makes it the leader. It holds the deliveries of
 * states unacknowledged. It acknowledges a state only after it has written a newer one, and that one was confirmed and has been
 * delivered back. So a message of another process cannot make it lose a state. It recognises its own states by a code (HMAC)
 * that only this process can compute.
 *
 * @see docs/decisions/017-what-others-write-into-the-queue-of-schedules.md
 */
export class Leadership {
  #state: ScheduleState;
  #held: readonly HeldState[];
  readonly #secret = randomBytes(16);
  /** States that were written and have not been delivered back yet: number → time of writing. */
  readonly #awaited = new Map<number, number>();
  #sureAt = Number.NEGATIVE_INFINITY;
  #mustWrite = true;
  #writeAgainAt = Number.POSITIVE_INFINITY;
  /** Until this time an older state can still appear in the queue. */
  readonly #uncertainUntil: number;

  constructor(
    private readonly options: LeadershipOptions,
    { found, held, isCertain }: Founding,
  ) {
    this.#state = { ...found, fence: Math.min(found.fence + 1, MAX_FENCE), seq: 0 };
    this.#held = held.map(({ delivery }) => ({ delivery, ownSeq: undefined, until: 1 }));
    this.#uncertainUntil = isCertain ? Number.NEGATIVE_INFINITY : options.clock.now() + UNCERTAIN_MS;
  }

  get state(): ScheduleState {
    return this.#state;
  }

  /** Whether the channel of the held deliveries is open, as far as this process knows. Without it, another process leads. */
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

  /** Whether a state that was written has not been delivered back yet. */
  get awaitsEcho(): boolean {
    return this.#awaited.size > 0;
  }

  /** True while the last state that was delivered back was written within the lease. False if the clock was set back. */
  isSure(now: number, leaseMs: number): boolean {
    const age = now - this.#sureAt;
    return age >= 0 && age < leaseMs;
  }

  /** When a state that was written is overdue to come back, or `Infinity`. */
  get echoDueAt(): number {
    return Math.min(...this.#awaited.values()) + ECHO_TIMEOUT_MS;
  }

  /** Handles a state that was delivered: one of its own that came back, or one of another process. */
  receive(received: ReceivedState): void {
    if (this.#isOwn(received.mark)) this.#receiveOwn(received);
    else this.#receiveOther(received);
  }

  #receiveOwn({ mark: { seq }, delivery }: ReceivedState): void {
    this.#sureAt = this.#awaited.get(seq) ?? this.#sureAt;
    for (const each of this.#awaited.keys()) if (each <= seq) this.#awaited.delete(each);
    // After a lost connection the publisher publishes the same state again.
    const isDouble = this.#held.some(({ ownSeq }) => ownSeq !== undefined && ownSeq >= seq);
    if (isDouble) delivery.ack();
    else this.#held = [...this.#held, { delivery, ownSeq: seq, until: seq + 1 }];
    this.#releaseOlder();
  }

  #receiveOther({ mark, delivery }: ReceivedState): void {
    const now = this.options.clock.now();
    const missed = now < this.#uncertainUntil ? decodeState(delivery.body) : undefined;
    // An older state can return late, from a consumer that was cancelled, when no copy for readers existed.
    if (missed !== undefined) this.#state = joinedWithin(missed, this.#state);
    const { fence, seq } = this.#state;
    this.#held = [...this.#held, { delivery, ownSeq: undefined, until: seq + 1 }];
    // The previous leader's copy for readers may still replace ours. Write ours again with a higher fence now, and once more
    // after the previous leader's publish timeout has passed.
    this.#writeAgainAt = now + WRITE_TIMEOUT_MS;
    if (mark.fence - fence < MAX_FENCE_STEP)
      this.#state = { ...this.#state, fence: Math.min(MAX_FENCE, Math.max(fence, mark.fence + 1)) };
    this.#mustWrite = true;
  }

  /**
   * Publishes a state. It is valid once the broker has confirmed it.
   * @throws what publishing throws; this process must then stop leading.
   */
  async write(state: ScheduleState): Promise<void> {
    const written = { ...state, fence: this.#state.fence, seq: this.#state.seq + 1 };
    const messages = stateMessages(written, this.options.worker, this.#echoOf(written.fence, written.seq));
    const now = this.options.clock.now();
    this.#awaited.set(written.seq, now);
    this.#mustWrite = false;
    if (now >= this.#writeAgainAt) this.#writeAgainAt = Number.POSITIVE_INFINITY;
    // If only the copy for readers is confirmed, it shows a change that the next leader makes again: no input was acknowledged.
    const publish = messages.map((message) => this.options.publisher.publish(message, { timeoutMs: WRITE_TIMEOUT_MS }));
    await Promise.all(publish);
    this.#state = written;
    this.#releaseOlder();
  }

  #isOwn({ leader, fence, seq, echo }: StateMark): boolean {
    return leader === this.options.worker && echo !== undefined && echo === this.#echoOf(fence, seq);
  }

  #echoOf(fence: number, seq: number): string {
    return createHmac('sha256', this.#secret).update(`${fence}.${seq}`).digest('base64url');
  }

  /** Acknowledges the states that are older than the newest one of its own that was confirmed and delivered back. */
  #releaseOlder(): void {
    const returned = this.#held.flatMap(({ ownSeq }) =>
      ownSeq !== undefined && ownSeq <= this.#state.seq ? [ownSeq] : [],
    );
    const newest = Math.max(0, ...returned);
    for (const { delivery, until } of this.#held) if (until <= newest) delivery.ack();
    this.#held = this.#held.filter(({ until }) => until > newest);
  }
}
