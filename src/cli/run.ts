import { CommanderError } from 'commander';
import { failureOf } from './errors';
import { EXIT, type ExitCode } from './exit-codes';
import type { Terminal } from './output';
import { printableLines } from './printable';
import { createProgram } from './program';
import { Session } from './session';

/** Runs one command line. Never rejects. @returns the exit code. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  environment: NodeJS.ProcessEnv,
  cwd: string,
): Promise<ExitCode> {
  const session = new Session(terminal, environment, cwd);
  try {
    await createProgram(session).parseAsync([...args], { from: 'user' });
    return session.exitCode;
  } catch (error) {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return tell(error, session, args.includes('--json'));
  }
}

function tell(error: unknown, session: Session, json: boolean): ExitCode {
  const { exitCode, code, message, stack } = failureOf(error);
  const { stderr } = session.terminal;
  if (json) stderr.write(`${JSON.stringify({ error: { code, message } })}\n`);
  else stderr.write(`error: ${printableLines(message)}\n`);
  if (stack === undefined || json) return exitCode;
  const debug = session.environment['WARREN_DEBUG'];
  stderr.write(
    debug === undefined || debug === ''
      ? 'This should not happen: set WARREN_DEBUG=1 to see where, and please report it.\n'
      : `${stack}\n`,
  );
  return exitCode;
}
