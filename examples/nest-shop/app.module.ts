import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { TerminusModule } from '@nestjs/terminus';
import { WarrenModule } from 'warren/nest';
import { Journal } from './journal';
import { OrderTasks } from './orders.tasks';
import { ShippingTasks } from './shipping.tasks';
import { ShopController } from './shop.controller';

@Module({ providers: [OrderTasks, ShippingTasks, Journal] })
class TasksModule {}

@Module({
  imports: [
    WarrenModule.forRootAsync({
      imports: [ConfigModule.forRoot({ ignoreEnvFile: true })],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        url: config.getOrThrow<string>('AMQP_URL'),
        name: config.getOrThrow<string>('ROLE'),
        consume: config.get('ROLE') === 'worker',
        handlers: [OrderTasks, ShippingTasks],
        stopTimeout: '10s',
      }),
    }),
    TasksModule,
    TerminusModule,
  ],
  controllers: [ShopController],
})
export class AppModule {}
