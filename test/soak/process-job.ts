/** What a worker or a producer process is told, as JSON in its argument. */
export interface ProcessJob {
  readonly url: string;
  /** Where the ledgers are. */
  readonly folder: string;
  /** `worker-1`, `producer-2`. */
  readonly slot: string;
  /** Which process of its slot this is, from 1 on. */
  readonly incarnation: number;
  readonly seed: number;
}

export interface ProducerJob extends ProcessJob {
  readonly tasks: number;
  /** This one sends the tasks whose index leaves this rest when it is divided by `producers`. */
  readonly share: number;
  readonly producers: number;
  /** When the first producer began (milliseconds since 1970), and how long sending takes. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** Exit code of a process that could not start, since its broker was away: that is a fault's doing. */
export const NOT_STARTED = 3;
/** Of a producer and its window: tasks on their way at a time. */
export const WINDOW = 200;

export function readJob<T extends ProcessJob>(): T {
  // Its parent is gone: nobody would ever stop it.
  process.on('disconnect', () => process.exit(1));
  return JSON.parse(process.argv[2] ?? '') as T;
}
