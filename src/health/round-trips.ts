import { describeThrown } from '../errors/describe-thrown';
import type { RoundTrip } from './health-facts';

/** Who asks for health every second must not ask the broker as often. Less than the 10 s of most probers. */
const ASK_EVERY_MS = 8_000;
/** After an answer that was none. */
const ASK_AGAIN_AFTER_MS = 1_000;

interface Asked {
  readonly at: number;
  pending: boolean;
  failure: string | undefined;
}

/**
 * Questions to the broker, to which only a broker that is there has an answer. They are asked when somebody wants to know
 * how the app is, and answered by the time that he asks again: without anybody who asks they cost nothing.
 */
export class RoundTrips {
  readonly #asked = new WeakMap<object, Asked>();

  /**
   * What is known about a subject, and a new question where the last is old.
   *
   * @param since - what was asked before that was asked of another connection or consumer, and counts no more.
   * @param ping - asks; rejects when the answer is bad or does not come.
   */
  of(subject: object, since: number, now: number, ping: () => Promise<void>): RoundTrip {
    const last = this.#asked.get(subject);
    const counts = last !== undefined && last.at >= since ? last : undefined;
    if (counts !== undefined && !isOld(counts, now)) return known(counts);
    // While the next one is on its way, the last answer is what is known.
    return known(this.#ask(subject, now, counts?.failure, ping));
  }

  #ask(subject: object, now: number, failure: string | undefined, ping: () => Promise<void>): Asked {
    const asked: Asked = { at: now, pending: true, failure };
    this.#asked.set(subject, asked);
    ping().then(
      () => {
        asked.pending = false;
        asked.failure = undefined;
      },
      (error: unknown) => {
        asked.pending = false;
        asked.failure = describeThrown(error).message;
      },
    );
    return asked;
  }
}

function isOld({ at, pending, failure }: Asked, now: number): boolean {
  return !pending && now - at >= (failure === undefined ? ASK_EVERY_MS : ASK_AGAIN_AFTER_MS);
}

const known = ({ at, pending, failure }: Asked): RoundTrip => ({ pendingSince: pending ? at : undefined, failure });
