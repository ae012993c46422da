import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { connect } from 'amqplib';
import { createTaskApp } from '../../../src';
import { bounded, eventually } from '../../support/bounded';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

const root = resolve(__dirname, '../../..');
const children = new Set<ChildProcess>();

/** One process of the shop, with all that it says. */
class ShopProcess {
  text = '';
  readonly ended: Promise<NodeJS.Signals | number | null>;
  readonly #child: ChildProcess;

  constructor(role: string, url: string) {
    this.#child = spawn(process.execPath, [resolve(root, '.build/examples/nest-shop/main.js')], {
      env: { ...process.env, ROLE: role, AMQP_URL: url, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.text += chunk;
      });
    }
    this.ended = new Promise((done) => this.#child.on('close', (code, signal) => done(signal ?? code)));
  }

  async said(text: string | RegExp): Promise<string> {
    return eventually(
      `"${String(text)}"`,
      () => this.text,
      (all) => all.match(text) !== null,
      30_000,
    );
  }

  async address(): Promise<string> {
    return /ready at (\S+)/.exec(await this.said(/ready at \S+/))?.[1] ?? '';
  }

  stop(): Promise<NodeJS.Signals | number | null> {
    this.#child.kill('SIGTERM');
    return bounded('the end of the process', this.ended);
  }
}

beforeAll(() => {
  const tsc = resolve(root, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(tsc, ['-p', 'examples/tsconfig.json'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The examples do not compile; is dist/ built ("npm run build")?\n${stdout}`);
}, 60_000);
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'the Nest shop on RabbitMQ $version',
  ({ url }) => {
    it('takes orders by HTTP, works on them elsewhere, serves events, tells its health, and stops gracefully', async () => {
      const worker = new ShopProcess('worker', url);
      const work = await worker.address();
      const web = new ShopProcess('web', url);
      const shop = await web.address();
      const post = (body: object, headers: Record<string, string> = { 'x-tenant': 'acme' }) =>
        fetch(`${shop}/orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        });

      const placed = await post({ orderId: 'o-1', cents: 1_250 });
      expect([placed.status, await placed.json()]).toEqual([202, expect.objectContaining({ task: 'orders.place' })]);
      await worker.said('orders.place: order o-1 of acme');
      await worker.said('timed orders.place');
      await post({ orderId: 'o-2', cents: 0 });
      await worker.said('discarded a free order');
      expect((await post({ orderId: 'o-3', cents: 'many' })).status).toBe(400);

      const refused = (await (await post({ orderId: 'o-4', cents: 1 }, {})).json()) as { id: string };
      const operator = await createTaskApp({ url, logger: false });
      await operator.start();
      const filter = { ids: [refused.id] };
      const letters = await eventually(
        'the dead letter',
        () => operator.deadLetters.list('orders', { filter }),
        (all) => all.length > 0,
      );
      expect(letters[0]).toMatchObject({
        reason: 'failed',
        error: { message: 'OrderTasks.place was refused by KnownTenant: Forbidden resource' },
      });
      await operator.deadLetters.discard('orders', { filter });
      await operator.stop();

      const carrier = await connect(url);
      const channel = await carrier.createConfirmChannel();
      channel.publish('carrier', 'parcel.delivered', Buffer.from('{"orderId":"o-1"}'), {
        contentType: 'application/json',
      });
      await channel.waitForConfirms();
      await carrier.close();
      await worker.said('delivered o-1');

      for (const address of [work, shop]) {
        expect(await (await fetch(`${address}/health`)).json()).toMatchObject({
          status: 'ok',
          info: { rabbitmq: { status: 'up' } },
        });
      }
      expect(web.text).not.toContain('order o-1');
      // Nest ends a process by the signal that it has dealt with.
      expect(await Promise.all([web.stop(), worker.stop()])).toEqual(['SIGTERM', 'SIGTERM']);
    }, 60_000);
  },
);
