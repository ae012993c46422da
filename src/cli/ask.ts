import { createInterface } from 'node:readline/promises';
import type { Output } from './output';
import { UsageError } from './usage-error';

/**
 * Asks before something is done that cannot be undone.
 * @throws UsageError where nobody can answer.
 */
export async function confirm(question: string, yes: boolean | undefined, output: Output): Promise<boolean> {
  if (yes === true) return true;
  const { stdin, stderr } = output.terminal;
  if (stdin.isTTY !== true) throw new UsageError(`${question} Nobody is here to answer: say --yes`);
  const answer = await ask(`${question} [y/N] `, stdin, stderr);
  return /^y(?:es)?$/i.test(answer.trim());
}

/** A question with an answer in words. Ctrl-C and the end of the input count as an empty answer. */
export async function ask(question: string, stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  const gone = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    return await Promise.race([lines.question(question), gone]);
  } finally {
    lines.close();
  }
}
