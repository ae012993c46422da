import { fork } from 'node:child_process';
import { join } from 'node:path';
import { uniqueName } from '../../support/apps';
import { bounded } from '../../support/bounded';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

type ScopeAndName = readonly [scope: string, name: string];

const AMQPLIB = '@opentelemetry/instrumentation-amqplib';

/** Runs the service in a process of its own, which imports the built package as users do. */
async function spansOf(job: { url: string; queue: string; traces: boolean }): Promise<readonly ScopeAndName[]> {
  const child = fork(join(__dirname, 'instrumented-process.cjs'), [JSON.stringify(job)]);
  const spans = new Promise<readonly ScopeAndName[]>((resolve, reject) => {
    child.once('message', (answer) => resolve(answer as readonly ScopeAndName[]));
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it answered`)));
  });
  try {
    return await bounded('the spans', spans, 25_000);
  } finally {
    child.kill();
  }
}

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'beside the instrumentation of amqplib, on RabbitMQ $version',
  ({ url }) => {
    it('has each message traced once, by Warren, and leaves the service its own spans', async () => {
      const queue = uniqueName('jobs');
      const spans = await spansOf({ url, queue, traces: true });
      expect(spans.filter(([scope]) => scope === 'warren').map(([, name]) => name)).toEqual([
        `send ${queue}`,
        `process ${queue}`,
        `retry ${queue}`,
        `process ${queue}`,
        `ack ${queue}`,
        `send ${queue}`,
        `process ${queue}`,
        `ack ${queue}`,
      ]);
      expect(spans.filter(([scope]) => scope === AMQPLIB)).toEqual([[AMQPLIB, 'publish amq.topic']]);
    });

    it('has no message traced where Warren makes no traces, and leaves the service its own spans', async () => {
      const spans = await spansOf({ url, queue: uniqueName('jobs'), traces: false });
      expect(spans).toEqual([[AMQPLIB, 'publish amq.topic']]);
    });
  },
);
