import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { createTaskApp, Task, TaskQueue, type Topology } from 'warren';
import { ValidatedPayload } from '../contenders/warren-contender';
import type { Figures } from '../results/sample';
import type { StartUpJob } from './job';
import { startStopwatch } from './stopwatch';

/** What a start leaves to be done in the background is not idling. */
const SETTLE_MS = 2_000;

/** From `createTaskApp` to a started app; then the CPU time of doing nothing. Loading the code is not in it. */
export async function measureStartUp(job: StartUpJob): Promise<Figures> {
  const classes = manyTasks(job);
  const options = { url: job.url, tasks: classes, logger: false } as const;
  const { topology } = await createTaskApp(options);
  if (job.removeBefore) await removeTopology(job.url, topology);
  const read = startStopwatch();
  const app = await createTaskApp(options);
  await app.start();
  const { seconds } = read();
  const idle = job.idleSeconds === 0 ? {} : await measureIdle(job.idleSeconds);
  await app.stop();
  if (job.removeAfter) await removeTopology(job.url, topology);
  return { seconds, ...idle };
}

async function measureIdle(seconds: number): Promise<Figures> {
  await sleep(SETTLE_MS);
  const read = startStopwatch();
  await sleep(seconds * 1_000);
  const idle = read();
  return { cpuPercent: (idle.cpuMicros / (idle.seconds * 1_000_000)) * 100 };
}

/** As many tasks in each queue as make the number in all. */
function manyTasks({ prefix, queues, tasks }: StartUpJob) {
  const perQueue = Math.ceil(tasks / queues);
  return Array.from({ length: queues }, (_, index) => {
    class BenchTasks {}
    for (let task = 0; task < perQueue; task++) addTask(BenchTasks, `work${task}`);
    TaskQueue(`${prefix}${index}`)(BenchTasks);
    return BenchTasks;
  });
}

/** What a compiler makes of a decorated method. */
function addTask(type: { readonly prototype: object }, name: string): void {
  const descriptor = { value: () => undefined, writable: true, configurable: true };
  Object.defineProperty(type.prototype, name, descriptor);
  Reflect.defineMetadata('design:paramtypes', [ValidatedPayload], type.prototype, name);
  Task()(type.prototype, name, descriptor);
}

async function removeTopology(url: string, { queues, exchanges }: Topology): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const { name } of queues) await channel.deleteQueue(name);
  for (const { name } of exchanges) await channel.deleteExchange(name);
  await connection.close();
}
