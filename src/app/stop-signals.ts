const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Stops on SIGTERM and SIGINT. When the stop is done and nobody else listens for the signal, the process ends with
 * code 0; otherwise that is left to whoever listens. A second signal ends the process at once, with 128 + its number.
 *
 * @param stop - must not reject.
 * @returns the function that stops listening.
 */
export function stopOnSignals(stop: (signal: NodeJS.Signals) => Promise<void>): () => void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals, number: number): void => {
    if (stopping) process.exit(128 + number);
    stopping = true;
    const alone = process.listenerCount(signal) === 1;
    void stop(signal).then(() => {
      if (alone) process.exit();
    });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    // A stop that a signal began keeps listening, so that the second one is heard.
    if (!stopping) for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
}
