import { IsNotEmpty } from 'class-validator';
import { fixed, Task, TaskQueue } from 'warren';

export class Report {
  @IsNotEmpty() template!: string;
}

/** Stands in for a mistake that only people can put right: it is empty until somebody does. */
export const templates = new Set<string>();

/** Fails until its attempts are used up. */
@TaskQueue('reports')
export class ReportTasks {
  @Task({ maxAttempts: 3, backoff: fixed('250ms') })
  async build(report: Report): Promise<void> {
    if (!templates.has(report.template)) throw new Error(`there is no template "${report.template}"`);
  }
}
