import { createTaskApp } from 'warren';
import { Story } from './story';
import { Timeline } from './timeline';

/** The story takes about five seconds. Whatever waits in vain is told after this time. */
const DEADLINE_MS = 30_000;

async function main(): Promise<void> {
  const timeline = new Timeline(process.stdout);
  const app = await createTaskApp({
    url: process.env.AMQP_URL ?? 'memory:',
    name: 'quickstart',
    tasks: ['tasks/*.tasks.js'],
    cwd: __dirname,
    logger: false,
  });
  const story = new Story(app, timeline);
  const watchdog = setTimeout(
    () => fail(`Gave up after ${DEADLINE_MS / 1000} s, during: ${story.chapter}`),
    DEADLINE_MS,
  );
  await story.tell();
  clearTimeout(watchdog);
}

function fail(message: string): never {
  console.error(`\n${message}`);
  process.exit(1);
}

// Nothing ends the process here: when the app has stopped, nothing is left that keeps it alive.
main().catch((error: unknown) => fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error)));
