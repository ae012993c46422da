/** What all processes say, in order, with the seconds since the beginning and the speaker at the left. */
export class Transcript {
  readonly #startedAt = performance.now();
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  add(speaker: string, line: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(2).padStart(6);
    console.log(`${seconds} s  ${speaker.padEnd(9)} ${line}`);
    this.#lines.push(`${speaker}: ${line}`);
    for (const look of this.#waiting) look();
  }

  /** Resolves when a line holds this text; at once where one did already. */
  heard(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.#lines.some((line) => line.includes(text))) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
