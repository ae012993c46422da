import { type StoredAfter, WarrenError } from './warren-error';

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

const ONCE = 'An app starts once: make another one with createTaskApp()';

/** Why nothing can be done in a state, and what to do. */
const REASONS: Readonly<Record<string, string>> = {
  created: 'the app was not started. Await app.start() first',
  starting: 'the start of the app is not over. Await app.start() first',
  stopping: 'the app is stopping. Call it before stop()',
  stopped: `the app has stopped, or its start has failed. ${ONCE}`,
};

/** Why an app cannot be started, by its state. */
const REASONS_NOT_TO_START: Readonly<Record<string, string>> = {
  starting: 'start() was called before and is not over. Await that call, and call start() once',
  started: 'start() was called before, and the app runs. Call start() once',
  stopping: `start() was called before, and the app is stopping. ${ONCE}`,
  stopped: `the app has stopped, or its start has failed. ${ONCE}`,
};

/** Raised when a call that needs a running app, worker or client comes before `start()` or after `stop()`. */
export class NotStartedError extends WarrenError {
  readonly code = 'NOT_STARTED';
  readonly stored: StoredAfter = 'no';

  constructor(action: string, state: string) {
    const reasons = action === 'start the app' ? REASONS_NOT_TO_START : REASONS;
    super(`Cannot ${action}: ${reasons[state] ?? `the app is ${state}`}.`);
  }
}
