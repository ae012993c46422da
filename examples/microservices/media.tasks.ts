import { setTimeout } from 'node:timers/promises';
import { Task, type TaskContext, TaskQueue } from 'warren';
import { type ResizeImage, resizeImage } from './contract';

@TaskQueue('media', { concurrency: 2 })
export class MediaTasks {
  /** Takes its time, so that there is work for both workers. */
  @Task(resizeImage)
  async resize(_image: ResizeImage, task: TaskContext): Promise<void> {
    await setTimeout(150, undefined, { signal: task.signal });
  }
}
