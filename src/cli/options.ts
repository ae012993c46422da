import { type Command, InvalidArgumentError } from 'commander';
import { DURATION_FORMS, type Duration, parseDuration } from '../time/duration';

/** What every command takes that talks to a broker. */
export interface CommonOptions {
  readonly url?: readonly string[];
  readonly config?: string;
  readonly json?: boolean;
  readonly tasks?: readonly string[];
  /** `false`: not asked. */
  readonly management?: string | false;
}

/** Adds the options that all commands share, and the example that each has. */
export function withCommonOptions(command: Command, ...examples: readonly string[]): Command {
  return command
    .option(
      '--url <url>',
      'the broker, amqp://user:password@host:5672/vhost; may be repeated (default: the configuration, AMQP_URL)',
      collect,
    )
    .option('--config <file>', 'the configuration (default: warren.config.ts, .js or .json)')
    .option('--tasks <glob>', 'files with tasks or their classes; may be repeated', collect)
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', exampleText(examples));
}

/** Adds what commands share that know more where the management plugin answers. */
export function withManagementOptions(command: Command): Command {
  return command
    .option('--management <url>', 'the management plugin, http://user:password@host:15672 (default: found by itself)')
    .option('--no-management', 'do not ask the management plugin');
}

export function exampleText(examples: readonly string[]): string {
  return `\n${examples.length > 1 ? 'Examples' : 'Example'}:\n${examples.map((line) => `  $ ${line}`).join('\n')}`;
}

/** For options that may be repeated. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** `name=value`; a value may hold `=`. Texts alone, so that nothing is guessed. For options that may be repeated. */
export function header(
  text: string,
  earlier: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  const name = text.slice(0, at);
  if (earlier !== undefined && Object.hasOwn(earlier, name))
    throw new InvalidArgumentError(`"${name}" is given twice.`);
  // Not by spread and computed name: "__proto__" is a name like any other.
  return Object.fromEntries([...Object.entries(earlier ?? {}), [name, text.slice(at + 1)]]);
}

/** `a,b,c` */
export function parseList(text: string): readonly string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new InvalidArgumentError('Expected names, separated by commas.');
  return items;
}

/** A whole number in a range. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** A number above 0. */
export function positiveNumber(text: string): number {
  const value = /^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** `90s`, kept as it was written. */
export function duration(text: string): Duration {
  const plain = /^\d{1,15}$/.test(text) ? Number(text) : text;
  if (parseDuration(plain) === undefined) throw new InvalidArgumentError(`Expected ${DURATION_FORMS}.`);
  return plain as Duration;
}

/** An instant: ISO 8601. */
export function instant(text: string): Date {
  const date = /^\d{4}-/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('Expected an instant such as 2026-12-24T18:00:00Z.');
}
