import { createTaskApp } from 'warren';
import { BillingTasks } from './billing.tasks';
import { MediaTasks } from './media.tasks';

/** A process that does the work. Start as many as there is work for. */
async function main(name: string): Promise<void> {
  const app = await createTaskApp({
    name,
    tasks: [MediaTasks, BillingTasks],
    logger: false,
    // In a cluster: a port that the probes know, and no host.
    http: { port: 0, host: '127.0.0.1' },
  });
  app.on('task:completed', ({ task, id }) => console.log(`done ${task} ${id}`));
  app.on('task:dead-lettered', ({ task, id, reason }) => console.log(`dead letter ${task} ${id}: ${reason}`));
  app.on('worker:stopped', ({ interrupted }) => console.log(`stopped, ${interrupted} tasks given back`));
  await app.start();
  // From here on, SIGTERM finishes what runs and then ends the process.
  console.log(`ready on ${app.address}, health on http://127.0.0.1:${app.httpPort}/ready`);
}

void main(process.argv[2] ?? 'worker');
