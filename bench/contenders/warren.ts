import 'reflect-metadata';
import { IsBoolean, IsInt, IsString } from 'class-validator';
import { createTaskApp, Task, TaskQueue } from 'warren';
import { packageVersion } from '../package-version';
import type { Payload } from '../payload';
import { SETTINGS } from '../settings';
import type { Contender } from './contender';
import { removeQueues } from './remove-queues';

class ValidatedPayload implements Payload {
  @IsString() readonly id!: string;
  @IsString() readonly to!: string;
  @IsInt() readonly amount!: number;
  @IsBoolean() readonly urgent!: boolean;
  @IsString() readonly text!: string;
}

export const warren: Contender = {
  label: 'Warren',
  version: packageVersion('warren'),
  durability: {
    enqueue: 'validated, persistent, mandatory, confirmed by a quorum queue; anything else is a typed error',
    consume: 'validated, acknowledged after the handler; one that throws is retried, then dead-lettered',
  },

  async openSender({ url, queue }) {
    const BenchTasks = benchTasks(queue, () => undefined);
    const worker = await createTaskApp({ url, tasks: [BenchTasks], logger: false });
    await worker.start();
    await worker.stop();
    const app = await createTaskApp({ url, consume: false, logger: false });
    await app.start();
    const tasks = app.client.of(BenchTasks);
    return { send: (payload) => tasks.work(payload), close: () => app.stop() };
  },

  async openReceiver({ url, queue }, onTask) {
    const app = await createTaskApp({ url, tasks: [benchTasks(queue, onTask)], logger: false });
    await app.start();
    return { close: () => app.stop() };
  },

  // The delay ladder stays: every queue of the virtual host shares it.
  removeQueues: ({ url, queue }) => removeQueues(url, [queue, `${queue}.dead`]),
};

/** A class for each queue, since a decorator names it. */
function benchTasks(queue: string, onTask: () => void) {
  @TaskQueue(queue, { concurrency: SETTINGS.prefetch, prefetch: SETTINGS.prefetch })
  class BenchTasks {
    @Task()
    work(_payload: ValidatedPayload): void {
      onTask();
    }
  }
  return BenchTasks;
}
