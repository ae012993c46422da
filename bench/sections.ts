import { backlog, concurrency, handlers, memory, payload, queues } from './sections/growth';
import { latency } from './sections/latency';
import { retries } from './sections/retries';
import type { Section, SectionName } from './sections/section';
import { startUp } from './sections/start-up';
import { telemetry, throughput } from './sections/throughput';
import { validation } from './sections/validation';

/** In the order in which they are measured and told. */
export const SECTIONS: readonly Section[] = [
  throughput,
  latency,
  retries,
  startUp,
  validation,
  telemetry,
  memory,
  backlog,
  concurrency,
  queues,
  payload,
  handlers,
];

/** What is measured when nobody asks for more. */
export const SHORT: readonly SectionName[] = ['throughput', 'latency'];
