import { parseArgs } from 'node:util';
import { type BrokerSeries, TESTED_SERIES } from '../support/rabbitmq/broker';

export interface SoakOptions {
  /** Tasks that the producers send, evenly over the time. */
  readonly tasks: number;
  /** How long they send, and faults are made. */
  readonly minutes: number;
  /** Decides every fault and every task; `undefined`: one is drawn. */
  readonly seed: number | undefined;
  readonly workers: number;
  readonly producers: number;
  readonly series: BrokerSeries;
  /** How long, after that, all may take to end; seconds. */
  readonly patience: number;
  readonly json: boolean;
}

export type SeededOptions = SoakOptions & { readonly seed: number };

export const DEFAULT_SOAK_OPTIONS = Object.freeze({
  tasks: 200_000,
  minutes: 5,
  workers: 3,
  producers: 2,
  series: '4.3',
  patience: 240,
} as const satisfies Partial<SoakOptions>);

export const USAGE = `npm run soak -- [options]
  --tasks N       tasks in all, 100 to 10000000 (default ${DEFAULT_SOAK_OPTIONS.tasks})
  --minutes N     how long they are sent and things break, 0.1 to 1440 (default ${DEFAULT_SOAK_OPTIONS.minutes})
  --seed N        repeats a run's faults and tasks, 0 to 4294967295 (default: a new one, which is printed first)
  --workers N     worker processes, 1 to 50 (default ${DEFAULT_SOAK_OPTIONS.workers})
  --producers N   producer processes, 1 to 50 (default ${DEFAULT_SOAK_OPTIONS.producers})
  --series S      RabbitMQ ${TESTED_SERIES.join(' or ')} (default ${DEFAULT_SOAK_OPTIONS.series})
  --patience N    seconds in which all has to end after that, 10 to 3600 (default ${DEFAULT_SOAK_OPTIONS.patience}; RabbitMQ
                  itself takes 180 to try again what it could not dead-letter at once)
  --json          the report as JSON instead of the table
  --help          this text
Ends with 1 if a promise was broken, with 2 if the run itself could not be made.`;

/** @returns `undefined` when help is asked for. @throws Error that names the option. */
export function parseSoakOptions(args: readonly string[]): SoakOptions | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      tasks: text,
      minutes: text,
      seed: text,
      workers: text,
      producers: text,
      series: text,
      patience: text,
      json: flag,
      help: flag,
    },
  });
  if (values.help) return undefined;
  return {
    tasks: whole('--tasks', values.tasks, 100, 10_000_000) ?? DEFAULT_SOAK_OPTIONS.tasks,
    minutes: number('--minutes', values.minutes, 0.1, 1_440) ?? DEFAULT_SOAK_OPTIONS.minutes,
    seed: whole('--seed', values.seed, 0, 2 ** 32 - 1),
    workers: whole('--workers', values.workers, 1, 50) ?? DEFAULT_SOAK_OPTIONS.workers,
    producers: whole('--producers', values.producers, 1, 50) ?? DEFAULT_SOAK_OPTIONS.producers,
    series: seriesOf(values.series) ?? DEFAULT_SOAK_OPTIONS.series,
    patience: number('--patience', values.patience, 10, 3_600) ?? DEFAULT_SOAK_OPTIONS.patience,
    json: values.json,
  };
}

function number(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text.replaceAll('_', ''));
  if (value >= min && value <= max) return value;
  throw new Error(`${name} must be a number from ${min} to ${max}, got "${text}"`);
}

function whole(name: string, text: string | undefined, min: number, max: number): number | undefined {
  const value = number(name, text, min, max);
  if (value === undefined || Number.isInteger(value)) return value;
  throw new Error(`${name} must be a whole number from ${min} to ${max}, got "${text}"`);
}

function seriesOf(text: string | undefined): BrokerSeries | undefined {
  if (text === undefined) return undefined;
  const series = TESTED_SERIES.find((each) => each === text);
  if (series === undefined) throw new Error(`--series must be ${TESTED_SERIES.join(' or ')}, got "${text}"`);
  return series;
}
