import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type ChannelModel, connect, type GetMessage } from 'amqplib';
import { bounded, eventually } from '../../support/bounded';
import { amqpVersion } from '../../support/rabbitmq/amqp-version';
import { TESTED_SERIES } from '../../support/rabbitmq/broker';
import { sharedBrokers, startPrivateBroker, type TestBroker } from '../../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../../support/rabbitmq/tcp-proxy';

// Classic: a quorum queue that is younger than about a second comes back empty when its broker is killed.
const QUEUE = 'kept';

/** Process ids on this machine of everything that was started for the broker, its epmd included: it inherits the node's name. */
function processesOf(broker: TestBroker): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`RABBITMQ_NODENAME=warren-${broker.port}@`);
    } catch {
      return false;
    }
  });
}

/** The data folders of this process's brokers. */
const folders = (): readonly string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`warren-rabbitmq-${process.pid}-`));

async function withConnection<T>(url: string, use: (connection: ChannelModel) => Promise<T>): Promise<T> {
  const connection = await connect(url);
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

describe.each(sharedBrokers())('the shared broker of RabbitMQ $series', ({ series, url, version }) => {
  it('answers, and is of that series', async () => {
    expect(version).toMatch(new RegExp(`^${series.replace('.', '\\.')}\\.`));
    expect(await amqpVersion(url)).toBe(version);
  });
});

describe.each(TESTED_SERIES)('a private broker of RabbitMQ %s', (series) => {
  let broker: TestBroker;
  const foldersBefore = folders();

  beforeAll(async () => {
    broker = await startPrivateBroker({
      series,
      config: ['consumer_timeout = 123456'],
      plugins: ['rabbitmq_management'],
    });
  }, 120_000);
  afterAll(() => broker.dispose(), 60_000);

  it('has the configuration and the plugins that were asked for', async () => {
    expect(broker.version.startsWith(`${series}.`)).toBe(true);
    expect(await broker.ctl('eval', 'application:get_env(rabbit, consumer_timeout).')).toBe('{ok,123456}\n');
    const response = await fetch(`${broker.managementUrl}/api/whoami`, {
      headers: { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` },
    });
    expect(await response.json()).toMatchObject({ name: 'guest' });
  }, 60_000);

  it('keeps a confirmed message when it is killed and started again', async () => {
    await withConnection(broker.url, async (connection) => {
      // The broker's death is an error of this connection's own.
      connection.on('error', () => undefined);
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue(QUEUE, { durable: true });
      channel.sendToQueue(QUEUE, Buffer.from('precious'), { persistent: true });
      await channel.waitForConfirms();
    });
    // Up to 3.x, the queue itself can be lost: its declaration is confirmed before Mnesia has written it to disk.
    if (series !== '4.3') await broker.ctl('eval', 'mnesia:sync_log().');
    await broker.kill();
    expect(processesOf(broker)).toEqual([]);
    await expect(amqpVersion(broker.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await broker.start();
    const message = await withConnection(broker.url, async (connection): Promise<GetMessage | false> => {
      const channel = await connection.createChannel();
      return eventually(
        'the message',
        () => channel.get(QUEUE, { noAck: true }),
        (answer) => answer !== false,
      );
    });
    expect(message ? message.content.toString() : message).toBe('precious');
  }, 120_000);

  it('answers nobody while it is suspended', async () => {
    await broker.suspend();
    const answer = amqpVersion(broker.url);
    answer.catch(() => undefined);
    await expect(bounded('an answer', answer, 300)).rejects.toThrow('in vain for an answer');
    await broker.resume();
    expect(await answer).toBe(broker.version);
  });

  it('stops cleanly and starts again', async () => {
    await broker.stop();
    expect(processesOf(broker)).toEqual([]);
    await broker.start();
    expect(await amqpVersion(broker.url)).toBe(broker.version);
  }, 120_000);

  it('leaves no process and no folder behind', async () => {
    await broker.dispose();
    expect(processesOf(broker)).toEqual([]);
    expect(folders()).toEqual(foldersBefore);
  }, 60_000);
});

describe('the TCP proxy', () => {
  const [target] = sharedBrokers();
  let proxy: TcpProxy;

  beforeEach(async () => {
    proxy = await startProxy({ targetPort: Number(new URL(target?.url ?? '').port) });
  });
  afterEach(() => proxy.dispose());

  it('passes everything on', async () => {
    expect(await amqpVersion(proxy.url(target?.url ?? ''))).toBe(target?.version);
  });

  it.each(['pause', 'pauseServerToClient'] as const)(
    'lets nothing come back after %s, and delivers it after resume',
    async (method) => {
      proxy[method]();
      const answer = amqpVersion(proxy.url(target?.url ?? ''));
      answer.catch(() => undefined);
      await expect(bounded('an answer', answer, 300)).rejects.toThrow('in vain for an answer');
      proxy.resume();
      expect(await answer).toBe(target?.version);
    },
  );

  it('resets connections with cut, and refuses new ones until it accepts again', async () => {
    const url = proxy.url(target?.url ?? '');
    const connection = await connect(url);
    const reset = new Promise<Error>((resolve) => connection.once('error', resolve));
    proxy.refuse();
    proxy.cut();
    expect(await bounded('the reset', reset)).toMatchObject({ code: 'ECONNRESET' });
    await expect(amqpVersion(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.accept();
    expect(await amqpVersion(url)).toBe(target?.version);
  });
});
