import { type ClassType, Task, TaskQueue } from '../../../src';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

afterEach(stopApps);

/** A class with one task in a queue of its own. */
function taskClass(queue: string): ClassType {
  class Tasks {
    run(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Tasks.prototype, 'run') as PropertyDescriptor;
  Task({ payload: 'none' })(Tasks.prototype, 'run', descriptor);
  TaskQueue(queue)(Tasks);
  return Tasks;
}

/** What docs/understand/connections.md says under "How many". */
describe.each([...sharedBrokers()])('a worker of six queues on RabbitMQ $series', ({ url }) => {
  it.each<[number, Record<string, number>]>([
    [13, {}],
    [5, { maxConsumerConnections: 4 }],
    [2, { maxConsumerConnections: 1 }],
  ])('has %i connections with %j', async (expected, options) => {
    const names = new Set<string>();
    const tasks = Array.from({ length: 6 }, () => taskClass(uniqueName('footprint')));
    await startApp({ url, tasks, ...options }, (app) => {
      app.on('connection:changed', ({ name, state }) => {
        if (state === 'connected') names.add(name);
      });
    });
    expect(names.size).toBe(expected);
  });
});
