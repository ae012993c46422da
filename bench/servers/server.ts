/** Something that contenders keep their tasks in. */
export interface BenchServer {
  readonly url: string;
  /** Product and version, as it says them itself, and how it keeps what it is given where that is a choice. */
  readonly description: string;
  /** Whether it was started for this run, so that nobody misses what is removed from it. */
  readonly isOwn: boolean;
  readonly dispose: () => Promise<void>;
}
