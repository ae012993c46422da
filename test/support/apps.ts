import { randomUUID } from 'node:crypto';
import { createTaskApp, type TaskApp, type TaskAppOptions } from '../../src';

const running = new Set<TaskApp>();

/** Starts an app that is stopped after the test at the latest. Silent, and deaf to signals: Jest handles those. */
export async function startApp(
  options: TaskAppOptions,
  listen: (app: TaskApp) => void = () => undefined,
): Promise<TaskApp> {
  const app = await createTaskApp({ logger: false, handleSignals: false, ...options });
  running.add(app);
  listen(app);
  await app.start();
  return app;
}

/** Stops what the test left running. */
export async function stopApps(): Promise<void> {
  const apps = [...running];
  running.clear();
  await Promise.all(apps.map((app) => app.stop()));
}

/** A queue name that no other test has. */
export const uniqueName = (prefix: string): string => `${prefix}.${randomUUID().slice(0, 8)}`;
