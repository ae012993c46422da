import type { Telemetry } from '../events/telemetry';
import { loadPeer } from './load-peer';
import { readTelemetryOptions, type TelemetryOptions } from './options';
import { OpenTelemetryTracer } from './traces/open-telemetry-tracer';

/**
 * Makes traces and metrics of apps: give it to `createTaskApp`, or to `WarrenModule.forRoot`. Several apps of a process
 * may share one.
 *
 * @throws ConfigurationError when an option is wrong, nothing is turned on, or a package that it needs is not installed.
 *
 * @example
 * ```ts
 * const app = await createTaskApp({ tasks: [EmailTasks], telemetry: telemetry({ traces: true }) });
 * ```
 */
export function telemetry(options: TelemetryOptions): Telemetry {
  const { traces } = readTelemetryOptions(options);
  const api = traces ? loadPeer<typeof import('@opentelemetry/api')>('@opentelemetry/api', 'traces') : undefined;
  return {
    observe: ({ address }) => ({
      tracer: api === undefined ? undefined : new OpenTelemetryTracer(api, address),
    }),
  };
}
