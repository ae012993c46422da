import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { TaskContext } from '../../../src';
import { Ctx, embedBroker, getTestApp, Payload, Task, TaskQueue, WarrenModule } from '../../../src/nest';

const running: TestingModule[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((module) => module.close()));
});

it('runs providers on their schedules, with what is injected into them', async () => {
  const seen: unknown[] = [];
  @Injectable()
  class Reports {
    build = (kind: string, id: string) => seen.push([kind, id]);
  }
  @TaskQueue('reports')
  @Injectable()
  class ReportTasks {
    constructor(private readonly reports: Reports) {}

    @Task({ schedule: { name: 'nightly', cron: '0 3 * * *', timeZone: 'Europe/Berlin', payload: 'all' } })
    build(@Ctx() task: TaskContext, @Payload() kind: string): void {
      this.reports.build(kind, task.id);
    }
  }
  @Module({ providers: [Reports, ReportTasks] })
  class ReportsModule {}

  const module = await embedBroker(
    Test.createTestingModule({ imports: [WarrenModule.forRoot({}), ReportsModule] }),
  ).compile();
  running.push(module);
  const tasks = await getTestApp(module);
  await tasks.advance('2d');
  expect(seen).toEqual([
    ['all', 'nightly@2026-01-01T02:00:00.000Z'],
    ['all', 'nightly@2026-01-02T02:00:00.000Z'],
  ]);
  expect(await tasks.app.schedules.list()).toMatchObject([{ name: 'nightly', task: 'reports.build' }]);
});
