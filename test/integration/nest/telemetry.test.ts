import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { trace } from '@opentelemetry/api';
import { Registry } from 'prom-client';
import type { TaskApp, TaskContext } from '../../../src';
import { getTaskAppToken, Task, TaskQueue, WarrenModule } from '../../../src/nest';
import { telemetry } from '../../../src/telemetry';
import { uniqueName } from '../../support/apps';
import { bounded } from '../../support/bounded';
import { Scrape } from '../../support/prometheus-text';
import { spanTree, startTracing } from '../../support/tracing';

const queue = uniqueName('nested');

@Injectable()
@TaskQueue(queue)
class Jobs {
  @Task({ payload: 'none' })
  run(_payload: undefined, task: TaskContext): void {
    trace.getTracer('test').startSpan(`work of attempt ${task.attempt}`).end();
  }
}

it('is an option of the Nest module, for traces and for metrics', async () => {
  const tracing = startTracing();
  const registry = new Registry();
  @Module({
    imports: [WarrenModule.forRoot({ url: 'memory:', telemetry: telemetry({ traces: true, prometheus: registry }) })],
    providers: [Jobs],
  })
  class AppModule {}
  const context = await NestFactory.createApplicationContext(AppModule, { logger: false });
  try {
    await context.init();
    const app = context.get<TaskApp>(getTaskAppToken());
    const completed = app.once('task:completed');
    await app.client.of(Jobs).run();
    await bounded('completion', completed);
    expect(spanTree(tracing.spans())).toEqual([
      `send ${queue}`,
      `  process ${queue}`,
      '    work of attempt 1',
      `    ack ${queue}`,
    ]);
    expect(new Scrape(await registry.metrics()).value('warren_tasks_completed_total', { queue })).toBe(1);
  } finally {
    await context.close();
    await tracing.stop();
  }
});
