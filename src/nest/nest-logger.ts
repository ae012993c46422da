import { Logger as NestLogger } from '@nestjs/common';
import type { Logger } from '../events/logger';

/**
 * Warren's lines through Nest's logger: one object each, with its text as `message`. JSON loggers of Nest, winston's and
 * pino's keep the fields apart.
 */
export function createNestLogger(connection: string): Logger {
  const logger = new NestLogger(connection === 'default' ? 'Warren' : `Warren:${connection}`);
  return {
    debug: (fields, message) => logger.debug(entry(fields, message)),
    info: (fields, message) => logger.log(entry(fields, message)),
    warn: (fields, message) => logger.warn(entry(fields, message)),
    error: (fields, message) => logger.error(entry(fields, message)),
    isLevelEnabled: (level) => NestLogger.isLevelEnabled(level === 'info' ? 'log' : level),
  };
}

/** An error's own message, which Warren's fields call so too, becomes `detail`. */
function entry(fields: Readonly<Record<string, unknown>>, message: string): Record<string, unknown> {
  const { message: detail, ...others } = fields;
  return { message, ...others, ...(detail === undefined ? {} : { detail }) };
}
