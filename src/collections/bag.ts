/** A member of a {@link Bag}: it knows its place there, so that taking it out needs no search. */
export interface BagItem {
  /** Its index in the bag, or -1 outside of any. Only the bag writes it. */
  place: number;
}

/** The place of an item that is in no bag. */
export const NO_PLACE = -1;

/**
 * An unordered collection for what comes and goes with every message. An item is in one bag at a time.
 *
 * Not a `Set`: V8 rebuilds a set's table again and again when items come and go, and each table that was left behind
 * still holds what was in it then. Old tables are only found by a full collection, so all of that was copied and
 * promoted: a third of a worker's CPU time.
 */
export class Bag<T extends BagItem> implements Iterable<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    item.place = this.#items.length;
    this.#items.push(item);
  }

  /** @returns whether it was in here. */
  remove(item: T): boolean {
    const { place } = item;
    if (this.#items[place] !== item) return false;
    const last = this.#items.pop() as T;
    item.place = NO_PLACE;
    if (last === item) return true;
    this.#items[place] = last;
    last.place = place;
    return true;
  }

  /** Takes everything out. */
  drain(): readonly T[] {
    const items = this.#items.splice(0);
    for (const item of items) item.place = NO_PLACE;
    return items;
  }

  /** What is in here now; the bag may change meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#items].values();
  }
}
