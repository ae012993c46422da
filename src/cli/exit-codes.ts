/** What scripts can rely on. */
export const EXIT = Object.freeze({
  ok: 0,
  /** Something was found that is not as it should be, or a part of the work failed. */
  problem: 1,
  /** The command line, the configuration or an answer to a question cannot be used. Nothing was done. */
  usage: 2,
  /** The broker cannot be reached, or was lost on the way. */
  noBroker: 3,
  /** Ended by Ctrl-C, in good order: 128 + SIGINT. */
  interrupted: 130,
} as const);

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
