import { fieldsText } from '../events/fields-text';
import { LOG_LEVELS, type Logger, type LogLevel } from '../events/logger';
import { escapedLine } from '../text/printable';

/** Where lines go: `process.stderr`, so that a program's own output stays clean. */
export type LogSink = (line: string) => void;

const writeToStderr: LogSink = (line) => void process.stderr.write(`${line}\n`);

/** One line an entry: time, level, message, fields as JSON. */
export function createConsoleLogger(
  level: LogLevel,
  sink: LogSink = writeToStderr,
  now: () => Date = () => new Date(),
): Logger {
  const threshold = LOG_LEVELS.indexOf(level);
  const logAt =
    (entryLevel: LogLevel) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      if (LOG_LEVELS.indexOf(entryLevel) < threshold) return;
      const line = `${now().toISOString()} ${entryLevel.toUpperCase().padEnd(5)} ${message} ${fieldsText(fields)}`;
      // What a header or an error's message hides must not draw on a terminal or forge a line.
      sink(escapedLine(line));
    };
  return {
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    isLevelEnabled: (entryLevel) => LOG_LEVELS.indexOf(entryLevel) >= threshold,
  };
}
