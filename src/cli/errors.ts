import { ConnectionFailedError } from '../errors/broker-errors';
import { ConfigurationError } from '../errors/configuration-error';
import { describeThrown } from '../errors/describe-thrown';
import { ConnectionClosedError, InvalidOptionsError } from '../errors/enqueue-errors';
import { WarrenError } from '../errors/warren-error';
import { EXIT, type ExitCode } from './exit-codes';
import { InterruptedError } from './interrupt';
import { ProblemError, UsageError } from './usage-error';

/** What a command that failed tells. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  /** Only for what nobody foresaw. */
  readonly stack: string | undefined;
}

/** Sorts what a command threw. People's mistakes are told without a stack trace. */
export function failureOf(error: unknown): Failure {
  const { message } = describeThrown(error, 8192);
  const told = (exitCode: ExitCode, code: string): Failure => ({ exitCode, code, message, stack: undefined });
  if (error instanceof UsageError) return told(EXIT.usage, 'USAGE');
  if (error instanceof ProblemError) return told(EXIT.problem, error.code);
  if (error instanceof InterruptedError) return told(EXIT.interrupted, 'INTERRUPTED');
  if (error instanceof ConfigurationError || error instanceof InvalidOptionsError) return told(EXIT.usage, error.code);
  if (error instanceof ConnectionFailedError || error instanceof ConnectionClosedError) {
    return told(EXIT.noBroker, error.code);
  }
  if (error instanceof WarrenError) return told(EXIT.problem, error.code);
  return { ...told(EXIT.problem, 'UNEXPECTED'), stack: error instanceof Error ? error.stack : undefined };
}
