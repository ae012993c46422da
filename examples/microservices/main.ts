import { randomUUID } from 'node:crypto';
import { createTaskApp } from 'warren';
import { Program } from './program';
import { Transcript } from './transcript';

const DEADLINE_MS = 30_000;

const transcript = new Transcript();
const programs: Program[] = [];

/** Starts the four processes, waits until all their work is done, and stops them. */
async function main(): Promise<void> {
  if (process.env.AMQP_URL?.startsWith('memory:')) {
    throw new Error('Four processes cannot share the embedded broker. Start a RabbitMQ and set AMQP_URL=amqp://…');
  }
  const run = randomUUID().slice(0, 8);
  const workers = ['worker-1', 'worker-2'].map((name) => start(name, 'worker', name));
  await Promise.all(['worker-1: ready', 'worker-2: ready'].map((text) => transcript.heard(text)));

  await Promise.all([start('web', 'web', run), start('shop', 'shop', run)].map(({ ended }) => ended));
  const images = Array.from({ length: 8 }, (_, index) => `done media.resizeImage image-${run}-${index + 1}`);
  const orders = [
    `done billing.charge order-${run}-1`,
    `done billing.refund order-${run}-2`,
    `dead letter billing.charge order-${run}-3`,
  ];
  await Promise.all([...images, ...orders].map((text) => transcript.heard(text)));

  await operate(`order-${run}-3`);
  for (const worker of workers) worker.stop();
  await Promise.all(workers.map(({ ended }) => ended));
}

/** Looks after a dead letter from a process that has neither the contract nor the handlers. */
async function operate(id: string): Promise<void> {
  const app = await createTaskApp({ name: 'operator', logger: false });
  await app.start();
  const [letter] = await app.deadLetters.list('billing', { filter: { ids: [id] } });
  for (const { path, message } of letter?.problems ?? [])
    transcript.add('operator', `${id} is ${letter?.reason}: ${path}: ${message}`);
  const { done } = await app.deadLetters.discard('billing', { filter: { ids: [id] } });
  transcript.add('operator', `discarded ${done} dead letter`);
  await app.stop();
}

function start(name: string, file: string, argument: string): Program {
  const program = new Program(name, file, argument, transcript);
  programs.push(program);
  program.ended.catch(fail);
  return program;
}

function fail(error: unknown): never {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  for (const program of programs) program.kill();
  process.exit(1);
}

const watchdog = setTimeout(() => fail(`Gave up after ${DEADLINE_MS / 1000} s.`), DEADLINE_MS);
main().then(() => clearTimeout(watchdog), fail);
