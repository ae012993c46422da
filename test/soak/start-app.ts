import { type TaskApp, WarrenError } from 'warren';
import { NOT_STARTED } from './process-job';

/** Starts the app, or ends the process: with a code that forgives it where Warren says why. */
export async function startOrExit(app: TaskApp): Promise<void> {
  try {
    await app.start();
  } catch (error) {
    process.stderr.write(`could not start: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(error instanceof WarrenError ? NOT_STARTED : 1);
  }
}

/** Calls the listener with a connection's name each time that one is lost; not for tries to get it back that fail. */
export function onConnectionLost(app: TaskApp, listener: (name: string) => void): void {
  const up = new Set<string>();
  app.on('connection:changed', ({ name, state }) => {
    if (state === 'connecting' && up.delete(name)) listener(name);
    if (state === 'connected') up.add(name);
  });
}
