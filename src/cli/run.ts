import { CommanderError } from 'commander';
import { printableJson, printableLines } from '../text/printable';
import { failureOf } from './errors';
import { EXIT, type ExitCode } from './exit-codes';
import type { Terminal } from './output';
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
    await createProgram(session, args.includes('--json')).parseAsync([...args], { from: 'user' });
    return session.exitCode;
  } catch (error) {
    const json = args.includes('--json');
    if (!(error instanceof CommanderError)) return tell(error, session, json);
    if (error.exitCode === 0) return EXIT.ok;
    // To people, commander has said it already.
    if (json) tellJson('USAGE', error.message.replace(/^error: /, ''), session);
    return EXIT.usage;
  }
}

function tell(error: unknown, session: Session, json: boolean): ExitCode {
  const { exitCode, code, message, stack } = failureOf(error);
  const { stderr } = session.terminal;
  if (json) tellJson(code, message, session);
  else stderr.write(`error: ${printableLines(message)}\n`);
  if (stack === undefined || json) return exitCode;
  const debug = session.environment['WARREN_DEBUG'];
  stderr.write(
    debug === undefined || debug === ''
      ? 'This should not happen: set WARREN_DEBUG=1 to see where, and please report it.\n'
      : `${printableLines(stack)}\n`,
  );
  return exitCode;
}

function tellJson(code: string, message: string, { terminal }: Session): void {
  terminal.stderr.write(`${printableJson(JSON.stringify({ error: { code, message } }))}\n`);
}
