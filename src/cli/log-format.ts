import { describeThrown } from '../errors/describe-thrown';
import type { Logger, LogLevel } from '../events/logger';
import { LOG_LEVELS } from '../events/logger';
import { escapedLine, printable } from '../text/printable';
import type { Output } from './output';

/** One entry of a log. */
export interface LogEntry {
  readonly time: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One line of JSON, for whoever collects logs. */
export function formatJsonEntry({ time, level, message, fields }: LogEntry): string {
  const head = { time: time.toISOString(), level, message };
  try {
    // A field may have one of the head's names: the head wins, and the field is not lost.
    const { time: _t, level: _l, message: fieldMessage, ...others } = fields;
    return JSON.stringify({ ...head, ...(fieldMessage === undefined ? {} : { detail: fieldMessage }), ...others });
  } catch (error) {
    return JSON.stringify({ ...head, unreadable: describeThrown(error, 100).message });
  }
}

const LEVEL_STYLES = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' } as const;

/** One line for people: `12:04:31 warn  task failed and will be retried  task=emails.send attempt=2`. */
export function formatPrettyEntry({ time, level, message, fields }: LogEntry, output: Output): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${output.styleNote('dim', `${printable(name)}=`)}${printable(fieldText(value))}`);
  const clock = output.styleNote('dim', time.toTimeString().slice(0, 8));
  const label = output.styleNote(LEVEL_STYLES[level], level.padEnd(5));
  return [clock, label, ` ${printable(message)}`, ...pairs].join(' ');
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /[\s"=]/.test(value) || value === '' ? JSON.stringify(value) : value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch (error) {
    return `(unreadable: ${describeThrown(error, 100).message})`;
  }
}

/** Writes entries to standard error: pretty on a terminal, JSON otherwise. */
export function createCommandLogger(threshold: LogLevel, output: Output): Logger {
  const { stderr } = output.terminal;
  const pretty = stderr.isTTY === true && !output.json;
  const logAt =
    (level: LogLevel) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(threshold)) return;
      const entry: LogEntry = { time: new Date(), level, message, fields };
      stderr.write(`${pretty ? formatPrettyEntry(entry, output) : escapedLine(formatJsonEntry(entry))}\n`);
    };
  return {
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    isLevelEnabled: (level) => LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold),
  };
}
