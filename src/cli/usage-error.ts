/** Raised when the command line, or a file that it names, cannot be used. Ends the command with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
