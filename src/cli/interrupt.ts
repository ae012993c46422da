import { SignalBurst } from '../app/signal-burst';

/** Raised when somebody answers a question with Ctrl-C. Ends the command with 130; what was not begun is not done. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor() {
    super('interrupted');
  }
}

/** Ctrl-C during a command that works off many things. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

/**
 * The first SIGINT or SIGTERM asks the command to end in good order. One that is sent again ends the process at once, with
 * 128 + its number; one that npx passes on as well counts once.
 */
export function listenForInterrupt(): Interruption {
  const controller = new AbortController();
  const burst = new SignalBurst(() => performance.now());
  const onSignal = (_signal: NodeJS.Signals, number: number): void => {
    if (burst.next() === 'again') process.exit(128 + number);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      process.removeListener('SIGINT', onSignal);
      process.removeListener('SIGTERM', onSignal);
    },
  };
}
