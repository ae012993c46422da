import { Task, type TaskContext, TaskQueue } from 'warren';

@TaskQueue('reports')
export class ReportTasks {
  /** Every second here, so that something is to be seen; `cron: '0 3 * * *'` is more usual. */
  @Task({ payload: String, schedule: { name: 'heartbeat', every: '1s', payload: 'all is well' } })
  async report(text: string, task: TaskContext): Promise<void> {
    console.log(`  ran ${task.id}: ${text}`);
  }
}
