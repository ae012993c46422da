import { Injectable } from '@nestjs/common';
import { IsNotEmpty } from 'class-validator';
import { Task, TaskQueue } from 'warren/nest';

export class Delivered {
  @IsNotEmpty() orderId!: string;
}

/** Serves the events of a carrier that knows nothing of Warren. */
@TaskQueue('shipping', { bindings: [{ exchange: 'carrier', type: 'topic', routingKey: 'parcel.*' }] })
@Injectable()
export class ShippingTasks {
  @Task({ routingKey: 'parcel.delivered' })
  async delivered({ orderId }: Delivered): Promise<void> {
    console.log(`delivered ${orderId}`);
  }
}
