import { connect, createServer, type Server } from 'node:net';
import { Task, type TaskApp, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { freePort } from '../support/rabbitmq/free-port';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { fillLetters } from './cli/letters';

/** What goes through a port of its own to the broker and back, in bytes. */
interface Traffic {
  readonly port: number;
  toBroker: number;
  toClient: number;
  readonly server: Server;
}

async function countedTraffic(brokerPort: number): Promise<Traffic> {
  const server = createServer({ noDelay: true }, (client) => {
    const broker = connect({ port: brokerPort, host: '127.0.0.1', noDelay: true });
    client
      .on('error', () => broker.destroy())
      .on('data', (bytes) => {
        traffic.toBroker += bytes.length;
      });
    broker
      .on('error', () => client.destroy())
      .on('data', (bytes) => {
        traffic.toClient += bytes.length;
      });
    client.pipe(broker).pipe(client);
  });
  const traffic: Traffic = { port: await freePort(), toBroker: 0, toClient: 0, server };
  await new Promise<void>((listening) => server.listen(traffic.port, '127.0.0.1', listening));
  return traffic;
}

const FEW = 500;
const MANY = 4_000;
/** A call has a fixed part, and what grew with the square would be 8 times as much. */
const LEEWAY = 1.5;

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'many dead letters on RabbitMQ $version',
  ({ url }) => {
    let traffic: Traffic;
    let app: TaskApp;
    let queue: string;

    beforeAll(async () => {
      traffic = await countedTraffic(Number(new URL(url).port));
      queue = uniqueName('many-letters');
      @TaskQueue(queue)
      class Emails {
        @Task({ payload: 'unchecked' })
        send(): void {}
      }
      const counted = new URL(url);
      counted.port = String(traffic.port);
      app = await startApp({ url: counted.href, tasks: [Emails], consume: false });
    });
    afterAll(async () => {
      await stopApps();
      traffic.server.close();
    });

    /** Bytes that a call over all letters takes for each of them. */
    async function bytesEach(count: number, call: () => Promise<number>) {
      const [toBroker, toClient] = [traffic.toBroker, traffic.toClient];
      expect(await call()).toBe(count);
      return { toBroker: (traffic.toBroker - toBroker) / count, toClient: (traffic.toClient - toClient) / count };
    }

    const calls: Readonly<Record<string, () => Promise<number>>> = {
      each: async () => {
        let read = 0;
        for await (const _letter of app.deadLetters.each(queue)) read++;
        return read;
      },
      list: async () => (await app.deadLetters.list(queue, { limit: MANY })).length,
      'discard, dry': async () => (await app.deadLetters.discard(queue, { dryRun: true })).done,
      'replay, dry': async () => (await app.deadLetters.replay(queue, { dryRun: true })).done,
      discard: async () => (await app.deadLetters.discard(queue)).done,
    };
    const measured = async (count: number) => {
      await fillLetters(
        app,
        queue,
        Array.from({ length: count }, (_, index) => ({ id: `letter-${index}` })),
      );
      const found: Record<string, { readonly toBroker: number; readonly toClient: number }> = {};
      for (const [name, call] of Object.entries(calls)) found[name] = await bytesEach(count, call);
      return found;
    };

    it('cost as much each as few do: no letter comes twice, and rounds do not grow', async () => {
      const few = await measured(FEW);
      const many = await measured(MANY);
      for (const [name, { toBroker, toClient }] of Object.entries(many)) {
        expect(toBroker).toBeLessThan(LEEWAY * (few[name]?.toBroker ?? 0));
        expect(toClient).toBeLessThan(LEEWAY * (few[name]?.toClient ?? 0));
      }
    }, 120_000);
  },
);
