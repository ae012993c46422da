import { HttpException } from '@nestjs/common';
import { FailTask } from '../task/signals';

/** Statuses that ask to come again. */
const TRY_AGAIN: readonly number[] = [408, 425, 429];
/** What pipes throw about a payload: the same payload will not be better the next time. */
const MALFORMED: readonly number[] = [400, 422];
const MAX_REASON_LENGTH = 900;

/** What a guard says by throwing: an HTTP error of the 4xx kind is a refusal, anything else is a failure of the guard. */
export function refusalByGuard(guard: string, label: string, error: unknown): unknown {
  if (!(error instanceof HttpException)) return error;
  const status = error.getStatus();
  if (status < 400 || status >= 500 || TRY_AGAIN.includes(status)) return error;
  return new FailTask(`${label} was refused by ${guard}: ${reasonOf(error)}`, { cause: error });
}

/** What pipes, interceptors and handlers say by throwing. */
export function refusalByPipe(label: string, error: unknown): unknown {
  if (!(error instanceof HttpException) || !MALFORMED.includes(error.getStatus())) return error;
  return new FailTask(`${label} refused its payload: ${reasonOf(error)}`, { cause: error });
}

/** `ValidationPipe` puts what is wrong into the response; its message says only that it is a bad request. */
function reasonOf(error: HttpException): string {
  const response: unknown = error.getResponse();
  const said: unknown = typeof response === 'object' && response !== null ? Reflect.get(response, 'message') : response;
  const text = Array.isArray(said) ? said.join('; ') : typeof said === 'string' ? said : error.message;
  return text.slice(0, MAX_REASON_LENGTH);
}
