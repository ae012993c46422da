import { createTaskApp, Task, type TaskApp, TaskQueue } from '../../src';
import { uniqueName } from '../support/apps';
import { bounded } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';

/** The broker's answers are waited for up to 30 s; what is lost needs no waiting. */
const AT_ONCE_MS = 5_000;

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe.each(sharedBrokers().map(({ version, url }) => [version, url]))(
  'RabbitMQ %s, while an app starts',
  (_, url) => {
    let proxy: TcpProxy;
    let app: TaskApp;

    beforeEach(async () => {
      proxy = await startProxy({ targetPort: Number(new URL(url).port) });
      @TaskQueue(uniqueName('starting'))
      class Tasks {
        @Task({ payload: 'unchecked' })
        work(): void {}
      }
      app = await createTaskApp({ url: proxy.url(url), tasks: [Tasks], logger: false, handleSignals: false });
    });
    afterEach(async () => {
      await app.stop();
      proxy.dispose();
    });

    /** Calls back when a connection is up and the next call on it is on its way. */
    const onceAsked = (role: string, act: () => void): void => {
      const unlisten = app.on('connection:changed', ({ name, state }) => {
        if (state !== 'connected' || !name.endsWith(`:${role}`)) return;
        unlisten();
        proxy.pause();
        setImmediate(act);
      });
    };

    it.each([
      ['declares', 'publish'],
      ['registers its consumers', 'consume-1'],
    ])('tells at once that the connection was lost when it %s', async (_step, role) => {
      onceAsked(role, () => proxy.cut());
      await expect(bounded('the end of the start', app.start(), AT_ONCE_MS)).rejects.toMatchObject({
        code: 'CONNECTION_CLOSED',
      });
      expect(app.state).toBe('stopped');
    });

    it.each([
      ['declares', 'publish'],
      ['registers its consumers', 'consume-1'],
    ])('is stopped in time when it %s and gets no answer', async (_step, role) => {
      const before = timers();
      let stopped: Promise<void> | undefined;
      onceAsked(role, () => {
        stopped = app.stop();
      });
      await bounded('the end of the start', app.start(), 12_000);
      expect(app.state).toBe('stopped');
      await stopped;
      // One more, such as a heartbeat's, would keep the process alive.
      expect(timers()).toBeLessThanOrEqual(before);
    });

    it.each(['publish', 'consume-1'])('is stopped while the connection to %s is made', async (role) => {
      const unlisten = app.on('connection:changed', ({ name, state }) => {
        if (state === 'connecting' && name.endsWith(`:${role}`)) void app.stop();
      });
      await bounded('the end of the start', app.start(), AT_ONCE_MS);
      unlisten();
      expect(app.state).toBe('stopped');
      expect(app.running).toBe(0);
      await expect(app.start()).rejects.toMatchObject({ code: 'NOT_STARTED' });
    });
  },
);
