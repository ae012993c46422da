import { WarrenError } from './warren-error';

/** Raised when a call of a test app cannot end, because a handler still runs or because the task has not run. */
export class TestStalledError extends WarrenError {
  readonly code = 'TEST_STALLED';

  constructor(
    /** Handlers that run. */
    readonly running: number,
    message: string,
  ) {
    super(message);
  }

  static handlersRun(running: number): TestStalledError {
    return new TestStalledError(
      running,
      `${running} handler(s) still run and do not end. A handler that waits for the test clock, or for its timeout, needs advance(); one that waits for fake timers needs those to be moved; one that does slow real work needs a longer "patience".`,
    );
  }

  static taskDidNotRun(task: string, id: string): TestStalledError {
    return new TestStalledError(
      0,
      `Task "${task}" (${id}) has not run, and nothing is ready any more. Does another consumer take it, or was its queue purged?`,
    );
  }
}
