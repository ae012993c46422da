import type { MetricProducer } from '@opentelemetry/sdk-metrics';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createTaskApp, type TaskContext } from '../../../src';
import { metricProducer, telemetry } from '../../../src/telemetry';

/** What users write, and what they must not. Never run. */
export async function telemetryOptions(task: TaskContext): Promise<void> {
  await createTaskApp({ telemetry: telemetry({ traces: true, metrics: true, prometheus: true }), logger: pino() });
  await createTaskApp({ telemetry: telemetry({ prometheus: new Registry() }) });
  await createTaskApp({ logPayload: (payload, { name }) => (name === 'emails.send' ? payload : undefined) });
  const producer = metricProducer();
  producer satisfies MetricProducer;
  metricProducer({ temporality: 'delta' }) satisfies MetricProducer;
  // @ts-expect-error no such temporality
  metricProducer({ temporality: 'both' });
  await createTaskApp({ telemetry: telemetry({ metrics: producer }) });
  // @ts-expect-error options of telemetry() stand inside of it
  await createTaskApp({ telemetry: { traces: true } });
  // @ts-expect-error no such option
  telemetry({ logs: true });
  // @ts-expect-error no registry
  telemetry({ prometheus: {} });
  // @ts-expect-error to ask for payloads is to say what to leave out
  await createTaskApp({ logPayload: true });

  task.log.info({ to: 'ada@example.com' }, 'sent');
  task.log.info('sent');
  // @ts-expect-error fields come first, as in pino
  task.log.info('sent', { to: 'ada@example.com' });
}
