import { createTaskApp, type TaskApp } from 'warren';
import { ReportTasks } from './reports.tasks';

const DEADLINE_MS = 30_000;
const url = process.env.AMQP_URL ?? 'memory:schedules';

/** Two workers with the same code: one leads, the other stands by. */
async function startWorker(name: string): Promise<TaskApp> {
  const app = await createTaskApp({ url, name, tasks: [ReportTasks], logger: false });
  app.on('schedules:leading', ({ leading }) => console.log(`${name} ${leading ? 'leads' : 'leads no longer'}`));
  await app.start();
  return app;
}

/** Resolves when so many runs of a schedule have ended, wherever they ran. */
function runs(apps: readonly TaskApp[], schedule: string, count: number): Promise<void> {
  let seen = 0;
  return new Promise((resolve) => {
    for (const app of apps) {
      app.on('task:completed', ({ id }) => {
        if (id.startsWith(`${schedule}@`) && ++seen === count) resolve();
      });
    }
  });
}

async function main(): Promise<void> {
  const first = await startWorker('worker-1');
  const second = await startWorker('worker-2');
  await runs([first, second], 'heartbeat', 2);

  // While running, and from any process: this one could be a web server that runs no tasks.
  await second.schedules.add('extra', 'reports.report', { every: '1s', payload: 'added while running' });
  await runs([first, second], 'extra', 1);

  console.log('worker-1 stops');
  await first.stop();
  await runs([second], 'heartbeat', 2);

  await second.schedules.remove('extra');
  const { id } = await second.schedules.trigger('heartbeat');
  console.log(`triggered ${id}`);
  await runs([second], 'heartbeat', 1);
  for (const { name, rule, state, origin } of await second.schedules.list())
    console.log(`${name}: ${rule}, ${state}, from ${origin}`);
  await second.stop();
}

function fail(message: string): never {
  console.error(`\n${message}`);
  process.exit(1);
}

const watchdog = setTimeout(() => fail(`Gave up after ${DEADLINE_MS / 1000} s.`), DEADLINE_MS);
main().then(
  () => clearTimeout(watchdog),
  (error: unknown) => fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
);
