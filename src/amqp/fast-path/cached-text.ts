/** Longer ones are made anew each time. */
const MAX_BYTES = 64;

/** A text that is nearly always the same in message after message: it is compared, not made again. */
export class CachedText {
  readonly #bytes = new Uint8Array(MAX_BYTES);
  #length = 0;
  #text = '';

  read(source: Buffer, start: number, end: number): string {
    if (this.#isAt(source, start, end)) return this.#text;
    const text = source.toString('utf8', start, end);
    if (end - start <= MAX_BYTES) {
      this.#bytes.set(source.subarray(start, end));
      this.#length = end - start;
      this.#text = text;
    }
    return text;
  }

  #isAt(source: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (length !== this.#length) return false;
    for (let i = 0; i < length; i++) if (source[start + i] !== this.#bytes[i]) return false;
    return true;
  }
}
