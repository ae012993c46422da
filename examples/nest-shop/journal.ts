import { Injectable } from '@nestjs/common';
import type { TaskContext } from 'warren';
import { InjectTaskContext } from 'warren/nest';

/** Made anew for each delivery: what it writes says for which task. */
@Injectable()
export class Journal {
  constructor(@InjectTaskContext() private readonly task: TaskContext | undefined) {}

  write(text: string): void {
    console.log(`${this.task?.name ?? 'no task'}: ${text}`);
  }
}
