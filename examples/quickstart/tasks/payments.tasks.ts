import { IsInt, IsPositive, Matches } from 'class-validator';
import { exponential, Task, type TaskContext, TaskQueue } from 'warren';

export class Charge {
  @Matches(/^order-/) orderId!: string;
  @IsInt() @IsPositive() cents!: number;
}

/** Fails for a while, as services of others do. */
@TaskQueue('payments')
export class PaymentTasks {
  @Task({ maxAttempts: 5, backoff: exponential('500ms', { jitter: 'none' }), timeout: '10s' })
  async charge(_charge: Charge, task: TaskContext): Promise<void> {
    if (task.attempt < 3) throw new Error('the payment gateway answered 503');
  }
}
