const IMMEDIATE = 'Immediate';

/**
 * What keeps Node's event loop alive beyond what was there before: timers, immediates, requests, sockets. As long as there is any, a
 * handler may be waiting for it. What was opened before (the sockets of a connection pool) does not count, and neither
 * does what holds up no process.
 */
export class RealResources {
  #known = knownResources();

  /** Takes what is there now for known. */
  reset(): void {
    this.#known = knownResources();
  }

  /** Whether something is to run in the next turn of the event loop: the embedded broker, too, puts off what is endless. */
  get nextTurn(): boolean {
    return countResources().has(IMMEDIATE);
  }

  /** Whether something is there that was not known. */
  get found(): boolean {
    const counts = countResources();
    let found = false;
    for (const [type, count] of counts) if (count > (this.#known.get(type) ?? 0)) found = true;
    // What has gone is not known any more: another one of its type is new.
    for (const [type, known] of this.#known) this.#known.set(type, Math.min(known, counts.get(type) ?? 0));
    return found;
  }
}

/** What waits for the next turn is gone after it, and is nothing to get used to. */
function knownResources(): Map<string, number> {
  const known = countResources();
  known.delete(IMMEDIATE);
  return known;
}

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}
