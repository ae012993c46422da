/** Fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * What Warren logs to: the shape of pino's loggers. Fields never hold a password, and no payload unless `logPayload` asks
 * for it.
 */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that writes these fields with every line. Where there is none, Warren adds them itself. */
  child?(fields: LogFields): Logger;
  /**
   * Whether lines of this level are written. Asked for `debug` when the app is made: lines that nobody sees are then not
   * made at all. Where there is none, all levels count as enabled.
   */
  isLevelEnabled?(level: LogLevel): boolean;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A logger that writes these fields with every line, whatever kind of logger it comes from. */
export function childLogger(logger: Logger, fields: LogFields): Logger {
  if (logger.child !== undefined) return logger.child(fields);
  const logAt =
    (level: LogLevel) =>
    (own: LogFields, message: string): void =>
      logger[level]({ ...fields, ...own }, message);
  return {
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    child: (more) => childLogger(logger, { ...fields, ...more }),
    isLevelEnabled: (level) => isLevelEnabled(logger, level),
  };
}

export function isLevelEnabled(logger: Logger, level: LogLevel): boolean {
  return logger.isLevelEnabled?.(level) ?? true;
}

const nothing = (): void => undefined;

/** Says nothing. */
export const SILENT_LOGGER: Logger = Object.freeze({
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => SILENT_LOGGER,
  isLevelEnabled: () => false,
});
