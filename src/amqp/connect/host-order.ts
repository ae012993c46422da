/**
 * The hosts that one connection may go to, in an order of its own: where everybody began with the first, that host would
 * carry everybody, and all would move on together when it dies.
 */
export class HostOrder<H> {
  readonly #hosts: readonly H[];
  #at = 0;

  /** @param random - gives numbers in [0, 1). */
  constructor(hosts: readonly H[], random: () => number) {
    this.#hosts = shuffled(hosts, random);
  }

  get size(): number {
    return this.#hosts.length;
  }

  /** The one whose turn it is. */
  get current(): H {
    return this.#hosts[this.#at] as H;
  }

  /** Ends its turn: it could not be reached, or was lost. */
  next(): void {
    this.#at = (this.#at + 1) % this.#hosts.length;
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const result = [...items];
  for (let left = result.length; left > 1; left--) {
    const picked = Math.floor(random() * left);
    [result[left - 1], result[picked]] = [result[picked] as T, result[left - 1] as T];
  }
  return result;
}
