import { describeThrown } from '../errors/describe-thrown';
import type { LogFields } from './logger';

/** Fields as JSON on one line. A logger must not throw: users log what is theirs through it, circles and all. */
export function fieldsText(fields: LogFields): string {
  try {
    return JSON.stringify(fields);
  } catch (error) {
    return JSON.stringify({ unreadable: describeThrown(error, 100).message });
  }
}
