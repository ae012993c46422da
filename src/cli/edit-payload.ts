import { isUtf8 } from 'node:buffer';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskApp } from '../app/task-app';
import type { DeadLetter } from '../dead-letter/dead-letter';
import type { PayloadProblem } from '../errors/enqueue-errors';
import { MAX_ORIGINAL_BYTES } from '../message/headers';
import { jsonText, markOf, mergeJson, prettyJson, withinRange } from '../message/json-text';
import { compilePayload } from '../message/payload/compile-payload';
import { printable } from '../text/printable';
import { ask } from './ask';
import type { LoadedConfig } from './config';
import { contractOfLetter } from './known-contracts';
import type { Output } from './output';
import { UsageError } from './usage-error';

/**
 * Opens a letter's payload in the editor until it fits its contract, or the person gives up.
 * @returns the new body, or `undefined` to leave the letter where it is.
 */
export async function editPayload(
  letter: DeadLetter,
  app: TaskApp,
  config: LoadedConfig,
  environment: NodeJS.ProcessEnv,
  output: Output,
): Promise<Buffer | undefined> {
  const label = `${letter.task ?? 'a letter'} ${letter.id ?? '(no id)'}`;
  if (letter.original === undefined && letter.body.length > MAX_ORIGINAL_BYTES) {
    output.note(
      printable(
        `${label}: the payload has ${letter.body.length} bytes, and at most ${MAX_ORIGINAL_BYTES} can be kept in the history. Left alone.`,
      ),
    );
    return undefined;
  }
  if (!isUtf8(letter.body)) {
    output.note(printable(`${label}: the payload is not text in UTF-8, and an editor would change it. Left alone.`));
    return undefined;
  }
  const original = jsonText(letter.body);
  const before = original === undefined ? letter.body.toString('utf8') : `${prettyJson(original)}\n`;
  for (let text = before; ; ) {
    text = await editText(text, editorOf(environment));
    if (text === before) {
      output.note(printable(`${label}: not changed, left alone.`));
      return undefined;
    }
    const checked = await checkPayload(text, original, letter, app, config);
    if (checked.body !== undefined) return checked.body;
    output.note(printable(`${label}: ${checked.problem}`));
    if (!(await wantsToEditAgain(output))) return undefined;
  }
}

interface Checked {
  readonly body?: Buffer;
  readonly problem?: string;
}

/** What was not changed is sent as it came, to the last digit: only checked is what the contract makes of it. */
async function checkPayload(
  edited: string,
  original: string | undefined,
  letter: DeadLetter,
  app: TaskApp,
  config: LoadedConfig,
): Promise<Checked> {
  const text = jsonText(Buffer.from(edited));
  if (text === undefined) return { problem: 'not valid JSON' };
  const contract = contractOfLetter(letter, app, config);
  const inRange = withinRange(text);
  const sent = await app.client.encode(contract, JSON.parse(inRange));
  if (!sent.ok) return refused(sent.problems);
  // The sender's rules know no number that JavaScript does not have. The handler gets Infinity: its class may refuse it.
  if (inRange !== text) {
    const { check } = compilePayload(contract.payload, { unknownKeys: 'drop' });
    const received = await check(JSON.parse(text));
    if (!received.ok) return refused(received.problems);
  }
  return {
    body: Buffer.from(original === undefined ? text.trim() : `${markOf(letter.body)}${mergeJson(original, text)}`),
  };
}

const refused = (problems: readonly PayloadProblem[]): Checked => ({
  problem: problems.map(({ path, message }) => `${path}: ${message}`).join('; '),
});

async function wantsToEditAgain(output: Output): Promise<boolean> {
  const { stdin, stderr } = output.terminal;
  // Nobody is there to ask: an editor that is a script would give the same answer for ever.
  if (stdin.isTTY !== true) return false;
  const answer = await ask('Edit again? [Y/n] ', stdin, stderr);
  return answer !== undefined && !/^n/i.test(answer);
}

function editorOf(environment: NodeJS.ProcessEnv): string {
  return environment['VISUAL'] || environment['EDITOR'] || 'vi';
}

async function editText(text: string, editor: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'warren-edit-'));
  const file = join(folder, 'payload.json');
  try {
    writeFileSync(file, text, { mode: 0o600 });
    const ended = await runEditor(editor, file);
    if (ended !== 'well') {
      throw new UsageError(
        `the editor ${JSON.stringify(editor)} could not be run, or ended with ${ended}: set VISUAL or EDITOR`,
      );
    }
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * People take their time: this process has to go on answering the broker's heartbeats meanwhile. A shell runs it, as
 * git does it: EDITOR may hold options ("code --wait"). The file's name is an argument, never text of the command.
 */
function runEditor(editor: string, file: string): Promise<string> {
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'warren', file], { stdio: 'inherit' });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? 'well' : String(code ?? signal)));
  });
}
