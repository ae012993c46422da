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
  /** Whether there can be no other state: `found` was delivered, with everything that stood before it and after it. */
  readonly isCertain: boolean;
}

interface HeldState {
  readonly delivery: Delivery;
  /** Its number, where this leader has written it. */
  readonly ownSeq: number | undefined;
  /** It is acknowledged when a state of this leader with this number, or a higher one, has come back. */
  readonly until: number;
}

/** How long a state may take to be confirmed, and then to come back. */
const WRITE_TIMEOUT_MS = 15_000;
const ECHO_TIMEOUT_MS = 15_000;
/** How long a state may be on its way back that was not to be seen when this leader began. */
const UNCERTAIN_MS = 60_000;
/** A fence that is further ahead than this is not believed. */
const MAX_FENCE_STEP = 1_000_000;

/**
 * The time in which one process is served from the queue of schedules: it holds the deliveries of states, and
 * acknowledges one only after a newer one of its own was confirmed and has come back. So no message that somebody else
 * writes can make it give up what is known. It recognises its own by a code that only it can compute.
 *
 * @see docs/decisions/017-what-others-write-into-the-queue-of-schedules.md
 */
export class Leadership {
  #state: ScheduleState;
  #held: readonly HeldState[];
  readonly #secret = randomBytes(16);
  /** Written and not yet come back, with the time of writing. */
  readonly #awaited = new Map<number, number>();
  #sureAt = Number.NEGATIVE_INFINITY;
  #mustWrite = true;
  #writeAgainAt = Number.POSITIVE_INFINITY;
  /** Until when it may turn out that there was a state already. */
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

  /** Takes a state that was delivered: its own, come back, or one that somebody else wrote. */
  receive(received: ReceivedState): void {
    if (this.#isOwn(received.mark)) this.#receiveOwn(received);
    else this.#receiveOther(received);
  }

  #receiveOwn({ mark: { seq }, delivery }: ReceivedState): void {
    this.#sureAt = this.#awaited.get(seq) ?? this.#sureAt;
    for (const each of this.#awaited.keys()) if (each <= seq) this.#awaited.delete(each);
    // The publisher writes one twice when it has lost its connection.
    const isDouble = this.#held.some(({ ownSeq }) => ownSeq !== undefined && ownSeq >= seq);
    if (isDouble) delivery.ack();
    else this.#held = [...this.#held, { delivery, ownSeq: seq, until: seq + 1 }];
    this.#releaseOlder();
  }

  #receiveOther({ mark, delivery }: ReceivedState): void {
    const now = this.options.clock.now();
    const missed = now < this.#uncertainUntil ? decodeState(delivery.body) : undefined;
    // It was on its way back from a consumer that was cancelled, and nobody was looking at a copy of it.
    if (missed !== undefined) this.#state = joinedWithin(missed, this.#state);
    const { fence, seq } = this.#state;
    this.#held = [...this.#held, { delivery, ownSeq: undefined, until: seq + 1 }];
    // Who is served from the queue leads. The copy of an earlier leader for readers may stand over ours, or come yet: write
    // again, with a number above, now and when nothing of that can come any more.
    this.#writeAgainAt = now + WRITE_TIMEOUT_MS;
    if (mark.fence - fence < MAX_FENCE_STEP)
      this.#state = { ...this.#state, fence: Math.min(MAX_FENCE, Math.max(fence, mark.fence + 1)) };
    this.#mustWrite = true;
  }

  /**
   * Writes a state: it counts once it is confirmed.
   * @throws what publishing throws; the place of the leader is then to be given up.
   */
  async write(state: ScheduleState): Promise<void> {
    const written = { ...state, fence: this.#state.fence, seq: this.#state.seq + 1 };
    const messages = stateMessages(written, this.options.worker, this.#echoOf(written.fence, written.seq));
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

  #isOwn({ leader, fence, seq, echo }: StateMark): boolean {
    return leader === this.options.worker && echo !== undefined && echo === this.#echoOf(fence, seq);
  }

  #echoOf(fence: number, seq: number): string {
    return createHmac('sha256', this.#secret).update(`${fence}.${seq}`).digest('base64url');
  }

  /** What came before the newest state of its own that is confirmed and has come back, is of no use any more. */
  #releaseOlder(): void {
    const returned = this.#held.flatMap(({ ownSeq }) =>
      ownSeq !== undefined && ownSeq <= this.#state.seq ? [ownSeq] : [],
    );
    const newest = Math.max(0, ...returned);
    for (const { delivery, until } of this.#held) if (until <= newest) delivery.ack();
    this.#held = this.#held.filter(({ until }) => until > newest);
  }
}
