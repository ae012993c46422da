// A service with OpenTelemetry's instrumentation of amqplib, which patches modules while they are loaded: nothing that Jest
// lets in. Runs one task that fails once; answers with its spans.
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { AmqplibInstrumentation } = require('@opentelemetry/instrumentation-amqplib');
const { InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
registerInstrumentations({ tracerProvider: provider, instrumentations: [new AmqplibInstrumentation()] });

require('reflect-metadata');
const { connect } = require('amqplib');
const { createTaskApp, fixed, Task, TaskQueue } = require('warren');
const { telemetry } = require('warren/telemetry');

const { url, queue, traces } = JSON.parse(process.argv[2]);

class Jobs {
  run(_payload, { attempt, headers }) {
    if (attempt === 1 && headers.large === undefined) throw new Error('again');
  }
}
Task({ payload: 'none', backoff: fixed('125ms') })(
  Jobs.prototype,
  'run',
  Object.getOwnPropertyDescriptor(Jobs.prototype, 'run'),
);
TaskQueue(queue)(Jobs);

async function main() {
  const app = await createTaskApp({
    url,
    tasks: [Jobs],
    logger: false,
    ...(traces ? { telemetry: telemetry({ traces: true }) } : {}),
  });
  await app.start();
  const completed = app.once('task:completed');
  // With a header of its own, a message takes amqplib's way of publishing.
  await app.client.of(Jobs).run(undefined, { headers: { tenant: 'ada' } });
  await completed;
  // Too large for the short way of publishing, whatever its headers.
  const again = app.once('task:completed');
  await app.client.of(Jobs).run(undefined, { headers: { large: 'x'.repeat(5_000) } });
  await again;
  await app.stop();
  await ownUse();
  // In the order in which they began: a confirm may come after its task was run.
  const spans = exporter
    .getFinishedSpans()
    .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]);
  process.send(spans.map(({ name, instrumentationScope }) => [instrumentationScope.name, name]));
}

/** What the service does with amqplib itself keeps its spans. */
async function ownUse() {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  channel.publish('amq.topic', 'nobody.listens', Buffer.from('{}'));
  await channel.waitForConfirms();
  await connection.close();
}

main().then(
  () => process.disconnect(),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
