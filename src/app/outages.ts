/** What is away now: connections and consumers, by name. A return is worth as much attention as the loss before it. */
export class Outages {
  readonly #away = new Set<string>();

  /**
   * Notes a change.
   * @param isLoss - it is away, or held back.
   * @param isBack - it works.
   * @returns whether it is the loss, or the end of one.
   */
  note(what: string, isLoss: boolean, isBack: boolean): boolean {
    if (isLoss) {
      this.#away.add(what);
      return true;
    }
    return isBack && this.#away.delete(what);
  }
}
