import type { Broker } from '../broker/broker';
import type { TaskTracer } from '../events/tracer';
import type { Clock } from '../time/clock';
import type { DeadLetter } from './dead-letter';
import type { DeadLetterFilter } from './filter';

export interface ListOptions {
  readonly filter?: DeadLetterFilter;
  /** At most so many letters are given, at least 1. @defaultValue 100 for `list`; for `each`, all that were there at the start */
  readonly limit?: number;
}

export interface EachOptions extends ListOptions {
  /** Ends the reading between two letters. */
  readonly signal?: AbortSignal;
}

export interface ReplayOptions {
  readonly filter?: DeadLetterFilter;
  /** At most so many letters are replayed, at least 1. @defaultValue all that were there at the start */
  readonly limit?: number;
  /** At most so many a second, above 0: 0.000001 to 1,000,000. @defaultValue no limit */
  readonly ratePerSecond?: number;
  /**
   * Goes through a queue of its own (`<queue>.dead.replay`), from where the broker itself brings the letters home: a
   * process that is killed then replays nothing twice, and the next staged replay finishes what it has begun. Takes
   * the permission to configure that queue; one process at a time.
   * @defaultValue false
   */
  readonly staged?: boolean;
  /** Gives the payload to replay a letter with, or `undefined` to leave the letter where it is. The original is kept, up to 16 KiB. */
  readonly edit?: (letter: DeadLetter) => Promise<Buffer | undefined>;
  /** Only counts what would be done. @defaultValue false */
  readonly dryRun?: boolean;
  /** Stops between two letters; what was not replayed stays. */
  readonly signal?: AbortSignal;
  /** Told after each letter. */
  readonly onProgress?: (progress: ReplayProgress) => void;
}

export type DiscardOptions = Omit<ReplayOptions, 'ratePerSecond' | 'staged' | 'edit'>;

export interface ReplayProgress {
  /** Letters looked at. */
  readonly scanned: number;
  /** Letters replayed, or discarded. */
  readonly done: number;
  /** Letters that were there at the start. */
  readonly total: number;
}

export interface DeadLettersOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  /** Real time, also where the app's clock stands still: how fast letters go, and how long they are waited for. */
  readonly patience: Clock;
  readonly newId: () => string;
  /** Throws before the app has started, and after it has stopped. */
  readonly assertReady: (action: string) => void;
  /** @defaultValue nothing is traced */
  readonly tracer?: TaskTracer | undefined;
}
