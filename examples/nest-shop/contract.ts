import { IsInt, IsNotEmpty, Min } from 'class-validator';
import { defineTask } from 'warren';

export class PlacedOrder {
  @IsNotEmpty() orderId!: string;
  @IsInt() @Min(0) cents!: number;
}

export const placeOrder = defineTask('orders.place', { queue: 'orders', payload: PlacedOrder });
