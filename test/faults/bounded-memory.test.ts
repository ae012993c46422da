import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { NEWEST_TESTED, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';

const MIB = 1024 * 1024;
const PAYLOAD_BYTES = MIB / 2;
const MAX_PENDING_BYTES = 32 * MIB;
const KEPT = MAX_PENDING_BYTES / PAYLOAD_BYTES;
const TEXT = 'x'.repeat(PAYLOAD_BYTES - 100);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What buffers take of the memory of this process, without garbage. */
async function bufferBytes(): Promise<number> {
  // Node keeps what was rejected in this turn until its end.
  await new Promise(setImmediate);
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

let server: TestBroker;
beforeAll(async () => {
  server = await startPrivateBroker({ series: NEWEST_TESTED });
}, 120_000);
afterEach(stopApps);
afterAll(() => server.dispose(), 60_000);

async function senderOf(maxPendingBytes: number) {
  @TaskQueue(uniqueName('bounded'))
  class Large {
    @Task({ payload: 'unchecked' })
    work(_payload: { readonly text: string }): void {}
  }
  const app = await startApp({ url: server.url, tasks: [Large], maxPendingBytes, publishTimeout: '60s' });
  return { app, tasks: app.client.of(Large) };
}

it.each([
  ['blocks publishers', ['set_vm_memory_high_watermark', '0'], ['set_vm_memory_high_watermark', '0.6']],
  ['is away', ['stop_app'], ['start_app']],
] as const)(
  'keeps a bounded number of bytes while the broker %s, and sends those after it',
  async (_, begin, end) => {
    const { app, tasks } = await senderOf(MAX_PENDING_BYTES);
    let completed = 0;
    app.on('task:completed', () => completed++);
    await server.ctl(...begin);
    try {
      const before = await bufferBytes();
      const answers = Array.from({ length: 1_000 }, () =>
        tasks.work({ text: TEXT }).then(
          () => 'sent',
          // The error itself keeps the functions of its stack, and what those know, until its stack is read.
          ({ code, message }: { code: string; message: string }) => ({ code, message }),
        ),
      );
      const refused = await bounded('the refusals', Promise.all(answers.slice(KEPT)), 20_000);
      for (const answer of refused) expect(answer).toMatchObject({ code: 'TOO_MANY_WAITING' });
      expect(refused[0]).toMatchObject({ message: expect.stringContaining('raise "maxPendingBytes"') });
      // A second time for what was written to the socket, and a few for Node's own. V8 frees buffers some time after it has
      // collected what held them.
      await eventually('the memory', bufferBytes, (bytes) => bytes - before < 2.5 * MAX_PENDING_BYTES);
      await server.ctl(...end);
      const kept = await bounded('the confirms', Promise.all(answers.slice(0, KEPT)), 60_000);
      expect(new Set(kept)).toEqual(new Set(['sent']));
      await eventually(
        'their tasks',
        () => completed,
        (count) => count >= KEPT,
        30_000,
      );
    } finally {
      await server.ctl(...end);
    }
  },
  150_000,
);

it('sends many that are larger than what it may keep, a part at a time', async () => {
  const { tasks } = await senderOf(MAX_PENDING_BYTES);
  const items = Array.from({ length: 200 }, () => ({ payload: { text: TEXT } }));
  const results = await bounded('the results', tasks.work.many(items), 60_000);
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
}, 90_000);
