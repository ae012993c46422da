import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';

interface Run {
  readonly redelivered: boolean;
  succeed(): void;
  fail(): void;
}

describe.each(sharedBrokers())('a result that comes after the connection was lost, on RabbitMQ $series,', ({ url }) => {
  let proxy: TcpProxy;

  beforeEach(async () => {
    proxy = await startProxy({ targetPort: Number(new URL(url).port) });
  });
  afterEach(async () => {
    await stopApps();
    proxy.dispose();
  });

  it.each([
    ['succeed', 0],
    ['fail', 1],
  ] as const)(
    'does no harm when it is to %s: the broker has the message back, and no copy is made',
    async (how, letters) => {
      const queue = uniqueName('late');
      const runs: Run[] = [];
      @TaskQueue(queue, { maxAttempts: 1 })
      class Late {
        @Task({ payload: 'unchecked' })
        work(_payload: unknown, { redelivered }: { readonly redelivered: boolean }): Promise<void> {
          return new Promise((succeed, reject) =>
            runs.push({ redelivered, succeed, fail: () => reject(new Error('told to')) }),
          );
        }
      }
      const app = await startApp({ url: proxy.url(url), tasks: [Late] });
      const states: string[] = [];
      app.on('subscription:changed', ({ queue: name, state }) => name === queue && states.push(state));
      let isPublishingAgain = false;
      app.on('connection:changed', ({ name, state }) => {
        if (name.endsWith(':publish')) isPublishingAgain = state === 'connected';
      });
      const unsettled: string[] = [];
      app.on('settlement:failed', ({ id }) => unsettled.push(id));
      const { id } = await app.client.of(Late).work({});
      const until = (count: number) =>
        eventually(
          `run ${count}`,
          () => runs.length,
          (length) => length === count,
        );
      await until(1);
      proxy.cut();
      await until(2);
      // The connection that publishes may come back after the one that consumes.
      await eventually(
        'the publishing connection',
        () => isPublishingAgain,
        (isBack) => isBack,
      );
      runs[0]?.[how]();
      runs[1]?.[how]();
      await eventually(
        'both to be over',
        () => app.running,
        (running) => running === 0,
      );
      await eventually(
        'an empty queue',
        () => app.broker.queueState(queue),
        (state) => state?.ready === 0,
      );
      expect(runs.map(({ redelivered }) => redelivered)).toEqual([false, true]);
      expect((await app.deadLetters.list(queue)).map((letter) => letter.id)).toEqual(
        Array.from({ length: letters }, () => id),
      );
      // The first end is that of a connection which is gone; the second one settles the message.
      expect(unsettled).toEqual([id]);
      // An acknowledgement on the wrong channel would have closed it.
      expect(states).toEqual(['recovering', 'consuming']);
    },
  );
});
