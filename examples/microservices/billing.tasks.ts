import { IsInt, IsNotEmpty, IsPositive } from 'class-validator';
import { Task, TaskQueue } from 'warren';

export class PaidOrder {
  @IsNotEmpty() orderId!: string;
  @IsInt() @IsPositive() cents!: number;
}

export class CancelledOrder {
  @IsNotEmpty() orderId!: string;
}

/** Serves the events of a shop that knows nothing of Warren: the queue is bound to the shop's own exchange. */
@TaskQueue('billing', { bindings: [{ exchange: 'shop', type: 'topic', routingKey: 'order.*' }] })
export class BillingTasks {
  @Task({ routingKey: 'order.paid' })
  async charge(_order: PaidOrder): Promise<void> {}

  @Task({ routingKey: 'order.cancelled' })
  async refund(_order: CancelledOrder): Promise<void> {}
}
