import { ConsoleLogger, Logger as NestLogger } from '@nestjs/common';
import { fieldsText } from '../events/fields-text';
import type { LogFields, Logger } from '../events/logger';
import { escapedLine } from '../text/printable';

/**
 * Warren's lines through Nest's logger, one line each. Nest's own logger prints an object over many lines, so it gets a text with
 * the fields as JSON behind it. Loggers that keep fields apart (Nest's with `json`, winston's and pino's) get one object, with its
 * text as `message`.
 */
export function createNestLogger(connection: string): Logger {
  const logger = new NestLogger(connection === 'default' ? 'Warren' : `Warren:${connection}`);
  const entry = (fields: LogFields, message: string): unknown =>
    printsTexts() ? textEntry(fields, message) : objectEntry(fields, message);
  return {
    debug: (fields, message) => logger.debug(entry(fields, message)),
    info: (fields, message) => logger.log(entry(fields, message)),
    warn: (fields, message) => logger.warn(entry(fields, message)),
    error: (fields, message) => logger.error(entry(fields, message)),
    isLevelEnabled: (level) => NestLogger.isLevelEnabled(level === 'info' ? 'log' : level),
  };
}

/** Asked for each line: an application may set its logger late (`app.useLogger`). */
function printsTexts(): boolean {
  const { staticInstanceRef: target } = NestLogger as unknown as { readonly staticInstanceRef?: unknown };
  if (!(target instanceof ConsoleLogger)) return false;
  // One that is derived from it may write otherwise.
  if (target.log !== ConsoleLogger.prototype.log) return false;
  const { options } = target as unknown as { readonly options?: { readonly json?: boolean } };
  return options?.json !== true;
}

function textEntry(fields: LogFields, message: string): string {
  return escapedLine(`${message} ${fieldsText(fields)}`);
}

/** A field of the name `message` becomes `detail`. */
function objectEntry(fields: LogFields, message: string): Record<string, unknown> {
  const { message: detail, ...others } = fields;
  return { message, ...others, ...(detail === undefined ? {} : { detail }) };
}
