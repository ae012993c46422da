import { trace } from '@opentelemetry/api';
import { createTaskApp, type TaskApp } from 'warren';
import { telemetry } from 'warren/telemetry';
import { OrderTasks } from './orders.tasks';
import { printMetrics, printSpans } from './print';
import { startTracing } from './tracing';

const DEADLINE_MS = 30_000;
const tracing = startTracing();
const tracer = trace.getTracer('shop');

/** Before it: the SDK must be there when the app is made. */
const makeApp = (): Promise<TaskApp> =>
  createTaskApp({
    url: process.env.AMQP_URL ?? 'memory:',
    name: 'orders',
    tasks: [OrderTasks],
    http: { port: Number(process.env.PORT ?? 0) },
    logger: 'warn',
    telemetry: telemetry({ traces: true, prometheus: true }),
  });

/** One order that succeeds at last, and one that does not; then what was seen of them. */
async function showOnce(): Promise<void> {
  const app = await makeApp();
  await app.start();
  const over = Promise.all([app.once('task:completed'), app.once('task:dead-lettered')]);
  await tracer.startActiveSpan('POST /orders', async (span) => {
    await app.client.of(OrderTasks).charge({ orderId: 'order-1', cents: 1_250 });
    span.end();
  });
  await app.client.of(OrderTasks).charge({ orderId: 'order-2', cents: 0 });
  await over;

  const metrics = await fetch(`http://127.0.0.1:${app.httpPort}/metrics`);
  await app.stop();
  console.log('\nSpans: two tasks, two traces\n');
  printSpans(tracing.recorded.getFinishedSpans());
  console.log('\nMetrics, as Prometheus reads them\n');
  printMetrics(await metrics.text());
}

/** Takes an order a second until it is stopped, for the dashboards of the compose file. */
async function serve(): Promise<void> {
  const app = await makeApp();
  await app.start();
  console.log(`Serving /metrics on port ${app.httpPort}; stop with Ctrl-C.`);
  for (let count = 1; app.state === 'started'; count++) {
    const order = { orderId: `order-${count}`, cents: count % 20 === 0 ? 0 : 100 * count };
    await tracer.startActiveSpan('POST /orders', (span) =>
      app.client
        .of(OrderTasks)
        .charge(order)
        .catch(() => undefined)
        .finally(() => span.end()),
    );
    tracing.recorded.reset();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

if (process.argv.includes('--serve')) {
  serve().then(() => tracing.stop(), fail);
} else {
  const watchdog = setTimeout(() => fail(`Gave up after ${DEADLINE_MS / 1000} s.`), DEADLINE_MS);
  showOnce()
    .then(() => tracing.stop())
    .then(() => clearTimeout(watchdog), fail);
}
