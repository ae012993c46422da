import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';
import type { TaskApp } from '../../../src';
import { getTaskAppToken, Task, TaskQueue, UseConnection, WarrenModule } from '../../../src/nest';
import { telemetry } from '../../../src/telemetry';
import { uniqueName } from '../../support/apps';

const NOWHERE = 'amqp://127.0.0.1:1';
const quiet = { logger: false, abortOnError: false } as const;

it('stops the connections that have started when another one cannot start', async () => {
  @TaskQueue(uniqueName('jobs'))
  class Jobs {
    @Task({ payload: 'none' }) run(): void {}
  }
  @UseConnection('billing')
  @TaskQueue(uniqueName('bills'))
  class Bills {
    @Task({ payload: 'none' }) run(): void {}
  }
  @Module({
    imports: [
      WarrenModule.forRoot({ url: 'memory:', logger: false }),
      WarrenModule.forRoot({ url: NOWHERE, logger: false, connection: 'billing' }),
    ],
    providers: [Jobs, Bills],
  })
  class AppModule {}

  const context = await NestFactory.create(AppModule, quiet);
  const first: TaskApp = context.get(getTaskAppToken());
  const second: TaskApp = context.get(getTaskAppToken('billing'));
  const began = first.once('worker:started');
  await expect(context.init()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  await began;
  expect([first.state, second.state]).toEqual(['stopped', 'stopped']);
  expect(first.health().consumers.map(({ state }) => state)).not.toContain('consuming');
  await context.close();
});

it('leaves nothing in the process, however often a module is made and closed', async () => {
  const registry = new Registry();
  const signals = () => ['SIGTERM', 'SIGINT', 'SIGHUP'].map((signal) => process.listenerCount(signal));
  const before = signals();
  for (let round = 0; round < 12; round++) {
    @Module({
      imports: [
        WarrenModule.forRoot({
          url: 'memory:',
          logger: false,
          http: { port: 0, host: '127.0.0.1' },
          telemetry: telemetry({ prometheus: registry }),
        }),
      ],
    })
    class AppModule {}
    const context = await NestFactory.createApplicationContext(AppModule, quiet);
    expect(registry.getMetricsAsArray().length).toBeGreaterThan(10);
    await context.close();
    expect(registry.getMetricsAsArray()).toEqual([]);
  }
  expect(signals()).toEqual(before);
});
