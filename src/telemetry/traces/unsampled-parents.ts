/** Refusals in a row after which a sampler is asked less, and out of how many it is then asked about one. */
const PATIENCE = 1_000;

/**
 * Whether the SDK is asked for a span of an attempt whose sender's span was not sampled, and which has no other context. A
 * sampler that follows the parent, as the SDK's default does, declines all of them, and asking costs a microsecond and more:
 * after a thousand refusals in a row it is asked about one in a thousand. One that has ever agreed is always asked.
 */
export class UnsampledParents {
  #declined = 0;

  /** Whether this one is asked about. */
  get isAsked(): boolean {
    return this.#declined < PATIENCE || this.#declined % PATIENCE === 0;
  }

  /** This one was asked about. */
  answered(isRecorded: boolean): void {
    if (isRecorded) this.#declined = Number.NEGATIVE_INFINITY;
    else this.declined();
  }

  /** This one is not recorded: it was not asked about, or the sampler has declined. */
  declined(): void {
    this.#declined++;
  }
}
