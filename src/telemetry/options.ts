import { ConfigurationError } from '../errors/configuration-error';
import { OptionReader } from '../task/option-reader';

/** What `telemetry()` shall do. Nothing is on by default, and only what is on is loaded. */
export interface TelemetryOptions {
  /**
   * Spans for enqueuing, for each attempt and for its settlement, through `@opentelemetry/api`, which you install beside
   * an SDK of your choice. @defaultValue `false`
   */
  readonly traces?: boolean;
}

export interface ResolvedTelemetryOptions {
  readonly traces: boolean;
}

const OPTION_KEYS = ['traces'] as const satisfies readonly (keyof TelemetryOptions)[];

/** @throws ConfigurationError with every mistake. */
export function readTelemetryOptions(options: TelemetryOptions): ResolvedTelemetryOptions {
  const problems: string[] = [];
  const reader = new OptionReader(options, 'telemetry', problems);
  reader.refuseUnknown(OPTION_KEYS);
  const resolved = { traces: reader.flag('traces') ?? false };
  if (problems.length === 0 && !Object.values(resolved).includes(true)) {
    reader.note(`nothing is turned on: give one of ${OPTION_KEYS.join(', ')}`);
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.freeze(resolved);
}
