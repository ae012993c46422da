import 'reflect-metadata';
import { IsBoolean, IsInt, IsString } from 'class-validator';
import { createTaskApp, Task, type TaskAppOptions, TaskQueue } from 'warren';
import { packageVersion } from '../package-version';
import type { Payload } from '../payload';
import type { Contender, Durability, Handler, Target } from './contender';
import { removeQueues } from './remove-queues';

export class ValidatedPayload implements Payload {
  @IsString() readonly id!: string;
  @IsString() readonly to!: string;
  @IsInt() readonly amount!: number;
  @IsBoolean() readonly urgent!: boolean;
  @IsString() readonly text!: string;
}

interface Variant {
  readonly label: string;
  readonly durability: Durability;
  /** What the measured app has beside the usual; made in its process. */
  readonly options: () => Pick<TaskAppOptions, 'telemetry'>;
}

/** Warren, plain or with something switched on. */
export const warrenContender = ({ label, durability, options }: Variant): Contender => ({
  label,
  version: packageVersion('warren'),
  durability,

  async openSender(target) {
    const classes = benchTasks(target, () => undefined);
    const worker = await createTaskApp({ url: target.url, tasks: classes, logger: false });
    await worker.start();
    await worker.stop();
    const app = await createTaskApp({ url: target.url, consume: false, logger: false, ...options() });
    await app.start();
    const tasks = classes.map((each) => app.client.of(each));
    let sent = 0;
    const next = () => {
      const task = tasks[sent++ % tasks.length];
      if (task === undefined) throw new Error('a target has at least one queue');
      return task;
    };
    return {
      send: (payload) => next().work(payload),
      async sendMany(payloads) {
        const results = await next().work.many(payloads.map((payload) => ({ payload })));
        for (const result of results) if (!result.ok) throw result.error;
      },
      close: () => app.stop(),
    };
  },

  async openReceiver(target, handler, concurrency) {
    const app = await createTaskApp({
      url: target.url,
      tasks: benchTasks(target, handler, concurrency),
      logger: false,
      ...options(),
    });
    await app.start();
    return { close: () => app.stop() };
  },

  /** The delay ladder stays: every queue of the virtual host shares it. */
  async removeQueues(target) {
    const { topology } = await createTaskApp({
      url: target.url,
      tasks: benchTasks(target, () => undefined),
      logger: false,
    });
    const names = topology.queues.map(({ name }) => name);
    return removeQueues(
      target.url,
      names.filter((name) => target.queues.some((queue) => name === queue || name.startsWith(`${queue}.`))),
    );
  },
});

/** A class for each queue, since a decorator names it. */
function benchTasks({ queues }: Target, handler: Handler, concurrency = 1) {
  return queues.map((queue) => {
    @TaskQueue(queue, { concurrency, prefetch: concurrency })
    class BenchTasks {
      @Task()
      work(payload: ValidatedPayload): void | Promise<void> {
        return handler(payload);
      }
    }
    return BenchTasks;
  });
}
