import { LOG_LEVELS, type Logger, type LogLevel } from '../events/logger';
import type { TaskLog, WriteTaskLog } from '../task/context';

/** What handlers write to: a text alone will do, as with most loggers. */
export function taskLog(logger: Logger): TaskLog {
  const writer =
    (level: LogLevel): WriteTaskLog =>
    (first: unknown, second?: unknown): void => {
      // Some loggers take the text first.
      const [fields, message] = typeof first === 'string' ? [second, first] : [first, second];
      logger[level](typeof fields === 'object' && fields !== null ? { ...fields } : {}, message as string);
    };
  return Object.fromEntries(LOG_LEVELS.map((level) => [level, writer(level)])) as Record<LogLevel, WriteTaskLog>;
}
