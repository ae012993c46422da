/** Raised when the command line, or a file that it names, cannot be used. Ends the command with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Raised when a command has found a problem that is no mistake of its line. Ends the command with exit code 1. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    /** Stable, for programs: `NOT_FOUND`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
