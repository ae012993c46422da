import { join } from 'node:path';
import type { TaskApp } from '../../../src';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { eventually } from '../../support/bounded';
import { warren } from '../../support/command-line';
import { TESTED_SERIES, type TestBroker } from '../../support/rabbitmq/broker';
import { startPrivateBroker } from '../../support/rabbitmq/shared-brokers';
import { fillLetters } from './letters';

const TASKS = join(__dirname, 'fixtures/*.tasks.cjs');

// Over AMQP, a classic queue whose messages are out has none, and can be deleted.
describe.each(TESTED_SERIES.map((series) => ({ series })))(
  'a classic dead-letter queue whose letters are held, on RabbitMQ $series',
  ({ series }) => {
    let broker: TestBroker;
    let management: readonly string[];
    let queue: string;
    let app: TaskApp;
    let release: () => Promise<void> = async () => undefined;

    const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
      warren([...args, '--url', broker.url, '--tasks', TASKS], { env: { TEST_QUEUE: queue, ...env } });
    const prune = async (...args: readonly string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await run(['topology', 'prune', queue, '--yes', '--json', ...args], {
        TEST_QUEUE: 'another',
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    };
    const kept = (name: string, reason: RegExp): unknown =>
      expect.objectContaining({ name, keptBecause: expect.stringMatching(reason) as unknown });
    const deleted = (name: string): unknown => ({ name, result: 'deleted', lost: 0 });
    const migrate = (...args: readonly string[]) => run(['topology', 'migrate', queue, '--yes', ...args]);
    const letters = async (): Promise<readonly (string | undefined)[]> =>
      (await app.deadLetters.list(queue)).map(({ id }) => id);

    beforeAll(async () => {
      broker = await startPrivateBroker({ series, plugins: ['rabbitmq_management'] });
      management = ['--management', String(broker.managementUrl).replace('http://', 'http://guest:guest@')];
      const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
      await eventually(
        'the management plugin',
        () => fetch(`${broker.managementUrl}/api/overview`, { headers: { authorization } }).catch(() => undefined),
        (answer) => answer?.ok === true,
        60_000,
      );
    }, 120_000);
    afterAll(() => broker?.dispose());

    beforeEach(async () => {
      queue = uniqueName('held');
      app = await startApp({ url: broker.url });
      await run(['topology', 'apply'], { TEST_QUEUE_TYPE: 'classic' });
      await fillLetters(app, queue, [{ id: 'one' }, { id: 'two' }, { id: 'three' }]);
      release = await holdAll();
    }, 60_000);
    afterEach(async () => {
      await release();
      await stopApps();
    });

    /** As somebody does who gets one after the other and has settled none. @returns the function that gives them back. */
    async function holdAll(): Promise<() => Promise<void>> {
      const reader = await app.broker.openReader(`${queue}.dead`);
      for (let held = 0; held < 3; held++) expect(await reader.next()).toBeDefined();
      expect(await app.broker.queueState(`${queue}.dead`)).toEqual({ ready: 0, consumers: 0 });
      return () => reader.close();
    }

    it('is not pruned while the management plugin counts them', async () => {
      expect(await prune(...management)).toEqual({
        candidates: expect.arrayContaining([kept(`${queue}.dead`, /^3 of its messages are out/)]) as unknown,
        deleted: [deleted(queue), deleted(`${queue}.suspects`)],
      });
      await release();
      expect(await letters()).toEqual(['one', 'two', 'three']);

      await app.deadLetters.discard(queue);
      expect(await prune(...management)).toMatchObject({ deleted: [{ name: `${queue}.dead`, result: 'deleted' }] });
    }, 60_000);

    it('is not pruned while a call reads its letters, which is a consumer', async () => {
      await release();
      const reading = app.deadLetters.each(queue);
      await reading.next();
      expect(await prune('--dry-run', ...management)).toMatchObject({
        candidates: expect.arrayContaining([kept(`${queue}.dead`, /^1 consumers use it/)]) as unknown,
      });
      await reading.return();
      expect(await letters()).toEqual(['one', 'two', 'three']);
    }, 60_000);

    it('is not pruned without the management plugin, nor is any classic queue', async () => {
      expect(await prune('--no-management')).toEqual({
        candidates: expect.arrayContaining([
          kept(queue, /^whether messages of a/),
          kept(`${queue}.dead`, /^whether messages of a/),
        ]) as unknown,
        // A quorum queue, which needs no plugin.
        deleted: [deleted(`${queue}.suspects`)],
      });
      await release();
      expect(await letters()).toEqual(['one', 'two', 'three']);
    }, 60_000);

    it('is not migrated while the management plugin counts them, unchecked or not, and then is', async () => {
      for (const unchecked of [[], ['--unchecked']]) {
        const refused = await migrate(...management, ...unchecked);
        expect(refused.code).toBe(1);
        expect(refused.stderr).toContain(`${queue}.dead: 3 of its messages are out, and not settled; stop who holds`);
        expect(refused.stdout).toContain(`${queue}.dead: blocked, 0 messages moved.`);
      }
      await release();
      expect(await migrate(...management)).toMatchObject({ code: 0 });
      expect(await letters()).toEqual(['one', 'two', 'three']);
    }, 120_000);

    it('is migrated without the management plugin only where the operator vouches', async () => {
      const refused = await migrate('--no-management');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/\.dead: whether messages of a classic queue are out .*--unchecked/);
      await release();
      expect(await migrate('--no-management')).toMatchObject({ code: 1 });
      expect(await migrate('--no-management', '--unchecked')).toMatchObject({ code: 0 });
      expect(await letters()).toEqual(['one', 'two', 'three']);
    }, 120_000);
  },
);
