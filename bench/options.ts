import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  /** Measured messages of each contender, workload and round. */
  readonly messages: number;
  /** A broker that runs already. `undefined`: one is started. */
  readonly url: string | undefined;
  readonly json: boolean;
}

export const DEFAULT_BENCH_OPTIONS = Object.freeze({ rounds: 5, messages: 50_000 });

export const USAGE = `npm run bench -- [options]
  --rounds N     interleaved rounds, 1 to 1000 (default ${DEFAULT_BENCH_OPTIONS.rounds})
  --messages N   measured messages of each contender, workload and round, 1 to 10000000 (default ${DEFAULT_BENCH_OPTIONS.messages})
  --url URL      a RabbitMQ that runs already (default: one is started for the run)
  --json         settings and every single measurement as JSON instead of the table
  --help         this text`;

/** @returns `undefined` when help is asked for. @throws Error that names the option. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      messages: { type: 'string' },
      url: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    rounds: wholeNumber('--rounds', values.rounds, 1_000) ?? DEFAULT_BENCH_OPTIONS.rounds,
    messages: wholeNumber('--messages', values.messages, 10_000_000) ?? DEFAULT_BENCH_OPTIONS.messages,
    url: values.url,
    json: values.json,
  };
}

function wholeNumber(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text.replaceAll('_', ''));
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${name} must be a whole number from 1 to ${max}, got "${text}"`);
}
