import { trace } from '@opentelemetry/api';
import { IsInt, IsString } from 'class-validator';
import { fixed, Task, type TaskContext, TaskQueue } from 'warren';

export class Order {
  @IsString() orderId!: string;
  @IsInt() cents!: number;
}

const tracer = trace.getTracer('orders');

@TaskQueue('orders', { backoff: fixed('250ms'), maxAttempts: 3 })
export class OrderTasks {
  /** The gateway answers at the third attempt; of orders for nothing it knows nothing. */
  @Task()
  async charge(order: Order, task: TaskContext): Promise<void> {
    await tracer.startActiveSpan('POST gateway/charges', async (span) => {
      task.log.info({ orderId: order.orderId }, 'charging');
      span.end();
    });
    if (order.cents === 0) throw new Error('there is nothing to charge');
    if (task.attempt < 3) throw new Error('the gateway answered 503');
  }
}
