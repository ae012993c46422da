import { clearRealInterval, setRealInterval } from '../time/real-timers';
import type { LoopBlock } from './health-facts';

const TICK_MS = 500;
/** A turn of the event loop that takes longer than this is told. */
export const LONG_BLOCK_MS = 2_000;

/**
 * Notices that the event loop stood still. While it does, nothing can be told: no answer is the answer then, and this is
 * what can be said afterwards.
 */
export class LoopWatch {
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  #last: LoopBlock | undefined;

  /** @param onBlock - told when a long block has ended, with its length in milliseconds. */
  constructor(
    private readonly now: () => number,
    private readonly onBlock: (ms: number) => void,
  ) {}

  /** The last long block. Asked in the very turn that ended one, it knows already. */
  get lastBlock(): LoopBlock | undefined {
    if (this.#timer !== undefined) this.#look();
    return this.#last;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#tickedAt = this.now();
    this.#timer = setRealInterval(() => this.#look(), TICK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearRealInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = this.now();
    const ms = now - this.#tickedAt - TICK_MS;
    this.#tickedAt = now;
    if (ms < LONG_BLOCK_MS) return;
    this.#last = Object.freeze({ ms, endedAt: now });
    this.onBlock(ms);
  }
}
