import type { TaskAppOptions } from '../app/app-options';
import { createTaskApp } from '../app/create-task-app';
import type { TestApp } from './test-app';
import { TestBench, type TestBenchOptions } from './test-bench';

/** What a test app takes: everything that an app does, but for the broker, the clock and the signals. */
export type TestAppOptions = Omit<
  TaskAppOptions,
  'url' | 'credentials' | 'clock' | 'handleSignals' | 'topology' | 'tls' | 'http'
> &
  TestBenchOptions;

/**
 * Starts an app on an embedded broker with a clock that stands still. It takes tasks only while `drain`, `advance` or
 * `perform` run, so that a test can look at what was enqueued. Tasks of contracts alone can be enqueued too: their queues
 * are declared.
 *
 * @throws ConfigurationError
 *
 * @example
 * ```ts
 * const app = await createTestApp({ tasks: [EmailTasks] });
 * await app.client.of(EmailTasks).sendVerification({ to: 'ada@example.com', code: '4711' }, { delay: '10m' });
 * await app.advance('10m');
 * await app.stop();
 * ```
 */
export async function createTestApp({ startAt, patience, ...options }: TestAppOptions = {}): Promise<TestApp> {
  const bench = new TestBench({ startAt, patience });
  const app = await createTaskApp({ ...options, ...bench.options(options) });
  await app.start();
  await app.pause();
  return bench.testApp(app);
}
