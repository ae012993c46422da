import { createInterface } from 'node:readline/promises';
import { printableLines } from '../text/printable';
import { InterruptedError } from './interrupt';
import type { Output } from './output';
import { UsageError } from './usage-error';

/**
 * Asks before something is done that cannot be undone.
 * @throws UsageError where nobody can answer, InterruptedError at Ctrl-C.
 */
export async function confirm(question: string, yes: boolean | undefined, output: Output): Promise<boolean> {
  if (yes === true) return true;
  const { stdin, stderr } = output.terminal;
  if (stdin.isTTY !== true) throw new UsageError(`${question} Nobody is here to answer: say --yes`);
  const answer = await ask(`${question} [y/N] `, stdin, stderr);
  if (answer === undefined) stderr.write('\n');
  return /^y(?:es)?$/i.test(answer?.trim() ?? '');
}

/**
 * A question with an answer in words; `undefined` at the end of the input (Ctrl-D).
 * @throws InterruptedError at Ctrl-C, which is no answer.
 */
export async function ask(
  question: string,
  stdin: NodeJS.ReadStream,
  stderr: NodeJS.WriteStream,
): Promise<string | undefined> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      lines.once('SIGINT', () => reject(new InterruptedError()));
      lines.once('close', () => resolve(undefined));
      lines.question(printableLines(question)).then(resolve, reject);
    });
  } catch (error) {
    // The cursor stands behind the question.
    stderr.write('\n');
    throw error;
  } finally {
    lines.close();
  }
}
