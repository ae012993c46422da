/** Refusals in a row after which a sampler is asked less, and out of how many it is then asked about one. */
const PATIENCE = 100;

/**
 * Whether the SDK is asked for a span of an attempt whose sender's span was not sampled. A sampler that follows the parent,
 * as the SDK's default does, declines all of them, and asking costs a microsecond: after a hundred refusals in a row it is
 * asked about one in a hundred. One that has ever agreed is always asked.
 */
export class UnsampledParents {
  #declined = 0;

  /** Whether this one is asked about. */
  get isAsked(): boolean {
    return this.#declined < PATIENCE || this.#declined % PATIENCE === 0;
  }

  /** This one was not recorded: the sampler has declined, or was not asked. */
  declined(): void {
    this.#declined++;
  }

  agreed(): void {
    this.#declined = Number.NEGATIVE_INFINITY;
  }
}
