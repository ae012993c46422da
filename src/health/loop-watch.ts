import { clearRealInterval, nextRealTurn, setRealInterval } from '../time/real-timers';
import type { LoopBlock } from './health-facts';

const TICK_MS = 500;
/** A turn of the event loop that takes longer than this is reported. */
export const LONG_BLOCK_MS = 2_000;
/** Turns after a block, in which sockets report what happened to them meanwhile. */
const TURNS_TO_CATCH_UP = 3;

/**
 * Notices that the event loop stood still. While it does, nothing can be reported: no answer is the answer then, and this
 * is what can be said afterwards.
 *
 * turning → catching up: a block was noticed, by the timer or by `look`. catching up → turning: a few turns later. Until
 * then a connection that the broker has closed meanwhile still looks alive.
 *
 * @typeParam T - what `look` may name as the cause.
 */
export class LoopWatch<T = never> {
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  #last: LoopBlock | undefined;
  #calm: Promise<void> | undefined;

  /** @param onBlock - is called when a long block has ended, with its length in milliseconds, and its cause where that is known. */
  constructor(
    private readonly now: () => number,
    private readonly onBlock: (ms: number, cause: T | undefined) => void,
  ) {}

  /** The last long block. Asked in the very turn that ended one, it knows already. */
  get lastBlock(): LoopBlock | undefined {
    this.look();
    return this.#last;
  }

  /** Resolves when sockets have caught up after a block; `undefined` while the loop turns as usual. */
  get calm(): Promise<void> | undefined {
    return this.#calm;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#tickedAt = this.now();
    this.#timer = setRealInterval(() => this.look(), TICK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearRealInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks whether this turn has taken too long. @param cause - what has just run in it for that long. */
  look(cause?: T): void {
    if (this.#timer === undefined) return;
    const now = this.now();
    const ms = now - this.#tickedAt - TICK_MS;
    this.#tickedAt = now;
    if (ms < LONG_BLOCK_MS) return;
    this.#last = Object.freeze({ ms, endedAt: now });
    this.#calm ??= this.#catchUp();
    this.onBlock(ms, cause);
  }

  async #catchUp(): Promise<void> {
    for (let turn = 0; turn < TURNS_TO_CATCH_UP; turn++) await nextRealTurn();
    this.#calm = undefined;
  }
}
