import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { connect, type GetMessage } from 'amqplib';
import { createTaskApp, FailTask, type Logger, Task, type TaskApp, type TaskAppOptions, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { warren } from '../support/command-line';
import { NEWEST_TESTED, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';

/** Stands in every form of the password, encoded or not, and in nothing else. */
const CANARY = 'c4n4ry';
const PASSWORD = `${CANARY}/#@%é`;
const ENCODED = encodeURIComponent(PASSWORD);
/** PEM that is none. */
const NO_KEY = `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`;

/** Everything that is said by a logger, an event, or an error. */
class Said {
  readonly #all: unknown[] = [];
  readonly add = (...what: readonly unknown[]): void => void this.#all.push(...what);

  get logger(): Logger {
    const log = (fields: object, message: string): void => this.add(fields, message);
    return { debug: log, info: log, warn: log, error: log };
  }

  listenTo(app: TaskApp): void {
    app.on('connection:changed', this.add);
    app.on('subscription:changed', this.add);
    app.on('task:dead-lettered', this.add);
    app.on('listener:failed', this.add);
  }

  /** As whoever prints, serialises or crashes with it would show it. */
  get text(): string {
    const stacks = this.#all.map((each) => (each instanceof Error ? `${each.stack}${String(each.cause)}` : ''));
    return (
      inspect(this.#all, { depth: 15, showHidden: true, getters: true }) + JSON.stringify(this.#all) + stacks.join()
    );
  }
}

/** Fails with what stands around it: the rest is long. */
function expectNone(text: string): void {
  const found = text.indexOf(CANARY);
  expect(found === -1 ? '' : text.slice(Math.max(0, found - 200), found + 50)).toBe('');
}

let broker: TestBroker;
let silent: Server;
let folder: string;
let proxy: TcpProxy | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'warren-canary-'));
  silent = createServer((socket) => socket.on('error', () => undefined).resume());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  broker = await startPrivateBroker({ series: NEWEST_TESTED });
  await broker.ctl('add_user', 'app', PASSWORD);
  await broker.ctl('set_permissions', 'app', '.*', '.*', '.*');
}, 120_000);
afterEach(async () => {
  await stopApps();
  proxy?.dispose();
});
afterAll(async () => {
  silent.close();
  await broker.dispose();
  await rm(folder, { recursive: true });
}, 60_000);

const at = (port: number, password = ENCODED, scheme = 'amqp'): string =>
  `${scheme}://app:${password}@127.0.0.1:${port}`;
const silentPort = (): number => (silent.address() as AddressInfo).port;

const FAILURES: readonly (readonly [string, () => TaskAppOptions])[] = [
  ['a raw password', () => ({ url: at(broker.port, PASSWORD) })],
  ['a password with a slash', () => ({ url: at(broker.port, `${CANARY}/x`) })],
  ['a password with a hash', () => ({ url: at(broker.port, `${CANARY}#x`) })],
  ['a password with an at sign', () => ({ url: at(broker.port, `${CANARY}@x`) })],
  ['a password with a percent sign', () => ({ url: at(broker.port, `${CANARY}%x`) })],
  ['another scheme', () => ({ url: at(broker.port, ENCODED, 'http') })],
  ['a port that is none', () => ({ url: at(99_999) })],
  ['one bad host of several', () => ({ url: [at(broker.port), at(broker.port, PASSWORD)] })],
  ['an option that does not exist', () => ({ url: at(broker.port), password: PASSWORD }) as TaskAppOptions],
  ['nobody there', () => ({ url: at(1) })],
  ['nobody at any of several hosts', () => ({ url: [at(1), at(2)] })],
  ['a peer that says nothing', () => ({ url: at(silentPort()), connectTimeout: '200ms' })],
  ['a wrong password', () => ({ url: at(broker.port, `${ENCODED}-wrong`) })],
  ['a vhost that is missing', () => ({ url: `${at(broker.port)}/nowhere` })],
  ['TLS where there is none', () => ({ url: at(broker.port, ENCODED, 'amqps') })],
  ['a key that is none', () => ({ url: at(broker.port, ENCODED, 'amqps'), tls: { cert: NO_KEY, key: NO_KEY } })],
  ['a passphrase of no key', () => ({ url: at(broker.port), tls: { key: NO_KEY, passphrase: PASSWORD } })],
  [
    'credentials that are none',
    () => ({ url: `amqp://127.0.0.1:${broker.port}`, credentials: (() => PASSWORD) as never }),
  ],
  [
    'credentials instead of a function',
    () => ({ url: `amqp://127.0.0.1:${broker.port}`, credentials: { username: 'app', password: PASSWORD } as never }),
  ],
  [
    'a function that throws the password',
    () => ({
      url: `amqp://127.0.0.1:${broker.port}`,
      credentials: () => {
        throw Object.assign(new Error(`cannot use ${PASSWORD}`), { password: PASSWORD });
      },
    }),
  ],
  [
    'a function that gives another password',
    () => ({
      url: `amqp://127.0.0.1:${broker.port}`,
      credentials: async () => ({ username: 'app', password: `${PASSWORD}x` }),
    }),
  ],
  [
    'a function that gives none in time',
    () => ({
      url: `amqp://127.0.0.1:${broker.port}`,
      connectTimeout: '200ms',
      credentials: () => new Promise<never>(() => undefined),
    }),
  ],
];

it.each(FAILURES)('stands nowhere when there is %s', async (_, options) => {
  const said = new Said();
  const failure = await bounded(
    'the failure',
    (async () => {
      const app = await createTaskApp({ logger: said.logger, handleSignals: false, ...options() });
      said.listenTo(app);
      said.add(app);
      await app.start();
    })().then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  expect(failure).toBeInstanceOf(Error);
  said.add(failure);
  expectNone(said.text);
});

it('lets in, with every character that URLs are afraid of', async () => {
  const app = await startApp({ url: at(broker.port) });
  expect(app.state).toBe('started');
});

it('stands nowhere while a connection is lost, cut off, refused and back, nor in what is inspected meanwhile', async () => {
  const said = new Said();
  proxy = await startProxy({ targetPort: broker.port });
  @TaskQueue(uniqueName('canary'))
  class Tasks {
    @Task({ payload: 'unchecked' })
    work(_payload: unknown): void {}
  }
  const app = await startApp({
    url: at(proxy.port),
    tasks: [Tasks],
    heartbeat: '1s',
    connectTimeout: '5s',
    logger: said.logger,
  });
  said.listenTo(app);
  const errors: Error[] = [];
  const states = new Map<string, string>();
  app.on('connection:changed', ({ name, state, error }) => {
    states.set(name, state);
    if (error !== undefined) errors.push(error);
  });
  const enqueue = async (): Promise<void> => {
    await app.client.of(Tasks).work({}, { timeout: '500ms' }).catch(said.add);
  };
  const back = () =>
    eventually(
      'every connection',
      () => [...states.values()],
      (all) => all.length > 1 && all.every((state) => state === 'connected'),
      40_000,
    );
  const told = (word: string) =>
    eventually(
      word,
      () => inspect(errors),
      (text) => text.includes(word),
      20_000,
    );

  proxy.refuse();
  proxy.cut();
  await enqueue();
  await told('ECONNREFUSED');
  await proxy.accept();
  await back();
  await broker.ctl('change_password', 'app', `${PASSWORD}2`);
  await broker.ctl('close_all_connections', 'rotation');
  await enqueue();
  await told("reason: 'credentials'");
  await broker.ctl('change_password', 'app', PASSWORD);
  await back();
  proxy.pause();
  await enqueue();
  await told('Heartbeat timeout');
  said.add(app, app.client, app.deadLetters, app.broker);
  proxy.resume();
  await back();
  await app.stop();
  expectNone(said.text);
}, 180_000);

it('stands in no header and no body of a dead letter of a task that failed to connect', async () => {
  const queue = uniqueName('canary');
  const said = new Said();
  @TaskQueue(queue)
  class Tasks {
    @Task({ payload: 'unchecked' })
    async work(_payload: unknown): Promise<void> {
      const other = await createTaskApp({ url: at(broker.port, `${ENCODED}-wrong`), logger: said.logger });
      try {
        await other.start();
      } catch (error) {
        throw new FailTask((error as Error).message, { cause: error });
      }
    }
  }
  const app = await startApp({ url: at(broker.port), tasks: [Tasks], logger: said.logger });
  said.listenTo(app);
  const dead = app.once('task:dead-lettered');
  await app.client.of(Tasks).work({});
  await bounded('the dead letter', dead);
  const connection = await connect(broker.url);
  const channel = await connection.createChannel();
  const letter = (await channel.get(`${queue}.dead`, { noAck: true })) as GetMessage;
  await connection.close();
  said.add(letter.properties, letter.content.toString());
  expect(said.text).toContain('ACCESS_REFUSED');
  expectNone(said.text);
}, 60_000);

describe('on the command line', () => {
  const commands: readonly (readonly [string, () => readonly string[]])[] = [
    ['a raw password', () => ['status', '--url', at(broker.port, PASSWORD)]],
    ['a wrong password', () => ['status', '--url', at(broker.port, `${ENCODED}-wrong`)]],
    ['a wrong password, for programs', () => ['status', '--json', '--url', at(broker.port, `${ENCODED}-wrong`)]],
    ['nobody at several hosts', () => ['doctor', '--url', at(1), '--url', at(2)]],
    ['a vhost that is missing', () => ['dead', 'list', 'emails', '--url', `${at(broker.port)}/nowhere`]],
    ['TLS where there is none', () => ['topology', 'diff', '--url', at(broker.port, ENCODED, 'amqps')]],
    [
      'a management plugin that does not answer',
      () => ['status', '--url', at(broker.port), '--management', at(1, ENCODED, 'http')],
    ],
    ['a management URL that is none', () => ['status', '--url', at(broker.port), '--management', at(1)]],
    ['a configuration that throws in its function', () => ['status', '--config', join(folder, 'throws.cjs')]],
    ['a configuration that is no JSON', () => ['status', '--config', join(folder, 'broken.json')]],
  ];

  beforeAll(async () => {
    const text = `module.exports = { url: 'amqp://127.0.0.1:${broker.port}', credentials() { throw new Error(${JSON.stringify(PASSWORD)}); } };`;
    await writeFile(join(folder, 'throws.cjs'), text);
    await writeFile(join(folder, 'broken.json'), `{ "url": "${at(broker.port)}", }`);
  });

  it.each(commands)('stands in no output for %s', async (_, args) => {
    const { code, stdout, stderr } = await warren(args(), { env: { WARREN_DEBUG: '1' } });
    expect(code).not.toBe(0);
    expect(stderr).not.toBe('');
    expectNone(stdout + stderr);
  });

  it('stands in no output where it comes from AMQP_URL', async () => {
    const { code, stdout, stderr } = await warren(['status'], { env: { AMQP_URL: at(1), WARREN_DEBUG: '1' } });
    expect(code).toBe(3);
    expectNone(stdout + stderr);
  });
});
