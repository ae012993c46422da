import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { defineTask } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import type { TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';

/** Cancel, channel and connection each wait so long for a broker that does not answer; the rest is for a busy machine. */
const STOP_BOUND_MS = 9_000;

describe.each(['4.3', '3.10'] as const)('SIGTERM while RabbitMQ %s answers nothing', (series) => {
  let broker: TestBroker;
  let worker: ChildProcess | undefined;

  beforeAll(async () => {
    broker = await startPrivateBroker({ series });
  }, 120_000);
  afterEach(async () => {
    worker?.kill('SIGKILL');
    await stopApps();
  });
  afterAll(() => broker.dispose(), 60_000);

  it('ends the worker in time, with 0', async () => {
    const queue = uniqueName('silent');
    const lines: string[] = [];
    const child = spawn(
      process.execPath,
      [join(__dirname, 'fixtures/slow-worker.cjs'), broker.url, queue, '60000', '0'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    worker = child;
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    await eventually('the worker', () => lines.includes('ready'), Boolean);
    const producer = await startApp({ url: broker.url });
    await producer.client.enqueue(defineTask(`${queue}.work`, { queue, payload: 'unchecked' }), {});
    await eventually('a task that runs', () => lines.some((line) => line.startsWith('begin')), Boolean);
    await producer.stop();
    await broker.suspend();
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    try {
      expect(await bounded('the end of the worker', exited, STOP_BOUND_MS)).toEqual([0, null]);
    } finally {
      await broker.resume();
    }
  }, 60_000);
});
