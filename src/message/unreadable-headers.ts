import type { PayloadProblem } from '../errors/enqueue-errors';
import { childPath } from './payload/payload-path';
import type { IncomingMessage } from './wire';

/** Names more of them, and a dead letter would be about nothing else. */
const MAX_PROBLEMS = 10;

/** The headers of a message that could not be read, as problems of it: `headers.bomb: it is nested deeper than 64 tables`. */
export function unreadableProblems({ properties }: IncomingMessage): readonly PayloadProblem[] {
  return (properties.unreadable ?? []).slice(0, MAX_PROBLEMS).map(({ name, problem }) => ({
    path: childPath('headers', name),
    rule: 'headers',
    message: problem,
  }));
}
