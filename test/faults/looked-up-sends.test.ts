import { defineTask, type TaskApp } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';

const LONG_MS = 25_000;

const portOf = (url: string): number => Number(new URL(url).port);

/** Whether a promise has settled by the time that others had several turns. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let open = true;
  const settled = (): void => {
    open = false;
  };
  promise.then(settled, settled);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  return open;
}

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'sends that look something up first, on RabbitMQ $version',
  ({ url }) => {
    let proxy: TcpProxy;
    let queue: string;
    let app: TaskApp;
    const task = () => defineTask('jobs.run', { queue, payload: 'unchecked' });

    beforeEach(async () => {
      proxy = await startProxy({ targetPort: portOf(url) });
      queue = uniqueName('looked-up');
      app = await startApp({ url: proxy.url(url), consume: false });
      await app.broker.declare({
        exchanges: [],
        queues: [{ name: queue, arguments: { 'x-queue-type': 'quorum' } }],
        bindings: [],
      });
    });
    afterEach(async () => {
      await stopApps();
      proxy.dispose();
    });

    const lose = async (): Promise<void> => {
      const lost = app.once('connection:changed', ({ state }) => state === 'connecting');
      proxy.refuse();
      proxy.cut();
      await bounded('the loss', lost);
    };

    it.each([
      ['delay', () => ({ delay: '1h' as const })],
      ['runAt', () => ({ runAt: Date.now() + 3_600_000 })],
    ])('waits for a lost connection with the first task that has a %s', async (_what, options) => {
      await lose();
      const sent = app.client.enqueue(task(), {}, { ...options(), timeout: LONG_MS });
      const plain = app.client.enqueue(task(), {}, { timeout: LONG_MS });
      expect(await isOpen(sent)).toBe(true);
      await proxy.accept();
      await bounded('the delayed task', sent, LONG_MS);
      await bounded('the plain task', plain, LONG_MS);
      expect(await app.broker.countReady(queue)).toBe(1);
    });

    it('waits with every delayed item of enqueueMany, and sends each', async () => {
      await lose();
      const items = Array.from({ length: 300 }, (_, payload) => ({ payload, delay: '1h' as const, timeout: LONG_MS }));
      const sent = app.client.enqueueMany(task(), items);
      expect(await isOpen(sent)).toBe(true);
      await proxy.accept();
      const results = await bounded('the items', sent, LONG_MS);
      expect(results.map(({ ok }) => ok)).toEqual(items.map(() => true));
    });

    it.each([
      ['the connection is lost', () => lose(), 'CONNECTION_CLOSED'],
      ['the broker is silent', async () => proxy.pause(), 'PUBLISH_TIMEOUT'],
    ])('fails like a plain task, by its own timeout, while %s', async (_what, breakIt, code) => {
      await breakIt();
      const options = { timeout: 300 };
      const delayed = app.client.enqueue(task(), {}, { ...options, delay: '1h' });
      const plain = app.client.enqueue(task(), {}, options);
      const [late, plainLate] = await bounded('both', Promise.allSettled([delayed, plain]), 5_000);
      expect(plainLate).toMatchObject({ status: 'rejected', reason: { code } });
      expect(late).toMatchObject({ status: 'rejected', reason: { code } });
    });

    it('looks again when an answer was lost with its connection', async () => {
      proxy.pauseServerToClient();
      const sent = app.client.enqueue(task(), {}, { delay: '1h', timeout: LONG_MS });
      expect(await isOpen(sent)).toBe(true);
      proxy.cut();
      proxy.resume();
      await bounded('the delayed task', sent, LONG_MS);
    });

    it('counts what is held among what waits', async () => {
      await stopApps();
      app = await startApp({ url: proxy.url(url), consume: false, maxWaiting: 2 });
      await lose();
      const send = () => app.client.enqueue(task(), {}, { delay: '1h', timeout: 500 });
      const [first, second, third] = await Promise.allSettled([send(), send(), send()]);
      expect(third).toMatchObject({ reason: { code: 'TOO_MANY_WAITING' } });
      expect([first, second]).toMatchObject([
        { reason: { code: 'CONNECTION_CLOSED' } },
        { reason: { code: 'CONNECTION_CLOSED' } },
      ]);
    });

    it('ends with the app that held it', async () => {
      await lose();
      const sent = app.client.enqueue(task(), {}, { delay: '1h', timeout: LONG_MS }).catch((error: unknown) => error);
      await app.stop();
      expect(await bounded('the rejection', sent)).toMatchObject({ code: 'CONNECTION_CLOSED' });
    });

    it('says so at once where no such queue is', async () => {
      const nowhere = defineTask('jobs.run', { queue: uniqueName('nowhere'), payload: 'none' });
      await expect(app.client.enqueue(nowhere, undefined, { delay: '1h' })).rejects.toMatchObject({
        code: 'UNROUTABLE',
        replyText: 'NO_QUEUE',
        target: { exchange: '', routingKey: nowhere.queue },
      });
    });

    it('waits for a lost connection with a change of a schedule', async () => {
      const leader = await startApp({ url, schedules: true });
      await lose();
      const name = uniqueName('schedule');
      const added = app.schedules.add(name, task(), { every: '1h', payload: {} });
      expect(await isOpen(added)).toBe(true);
      await proxy.accept();
      await bounded('the change', added, LONG_MS);
      expect((await leader.schedules.list()).map((schedule) => schedule.name)).toContain(name);
      await leader.schedules.remove(name);
    });
  },
);
