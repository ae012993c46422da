import { WarrenError } from './warren-error';

/** Raised when options, decorators or contracts are wrong. Names every problem at once, before any connection is made. */
export class ConfigurationError extends WarrenError {
  readonly code = 'CONFIGURATION';

  constructor(
    readonly problems: readonly string[],
    options?: { readonly cause?: unknown },
  ) {
    super(
      problems.length === 1
        ? `Warren is not configured correctly: ${problems[0]}`
        : `Warren is not configured correctly, ${problems.length} problems:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
      options,
    );
  }
}

/** Raised when a call that needs a running app, worker or client comes before `start()` or after `stop()`. */
export class NotStartedError extends WarrenError {
  readonly code = 'NOT_STARTED';

  constructor(action: string, state: string) {
    super(`Cannot ${action}: the app is ${state}. Call it between start() and stop().`);
  }
}
