import { Body, Controller, Get, Headers, HttpCode, Post } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import type { TaskClient } from 'warren';
import { InjectTaskClient, WarrenHealthIndicator } from 'warren/nest';
import { PlacedOrder, placeOrder } from './contract';

@Controller()
export class ShopController {
  constructor(
    @InjectTaskClient() private readonly tasks: TaskClient,
    private readonly health: HealthCheckService,
    private readonly warren: WarrenHealthIndicator,
  ) {}

  /** Answers when the broker has stored the order. */
  @Post('orders')
  @HttpCode(202)
  place(@Body() order: PlacedOrder, @Headers('x-tenant') tenant?: string) {
    return this.tasks.enqueue(placeOrder, order, tenant === undefined ? {} : { headers: { tenant } });
  }

  @Get('health')
  @HealthCheck()
  check() {
    return this.health.check([() => this.warren.check('rabbitmq')]);
  }
}
