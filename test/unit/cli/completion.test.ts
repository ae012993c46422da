import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { completionScript } from '../../../src/cli/completion';
import type { Terminal } from '../../../src/cli/output';
import { createProgram } from '../../../src/cli/program';
import { Session } from '../../../src/cli/session';

const run = promisify(execFile);
const program = createProgram(new Session(process as unknown as Terminal, {}, '/'));
const REASONS =
  'exhausted failed undecodable invalid-payload unknown-task expired crash-loop delivery-limit overflow rejected';

/** What bash offers for the last word of a line, where the project knows the queue "emails". */
async function offered(line: string): Promise<readonly string[]> {
  const names = 'warren() { echo emails; }';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
  const ask = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _warren; printf "%s\\n" "${COMPREPLY[@]}"';
  const script = [names, completionScript(program, 'bash'), ask].join('\n');
  const { stdout } = await run('bash', ['-c', script, 'bash', ...line.split(' ')], { cwd: __dirname });
  return stdout.trim().split('\n');
}

describe('completion of a value', () => {
  it('offers its choices, and no name of a queue beside them', async () => {
    expect(await offered('warren dead replay --reason ')).toEqual(REASONS.split(' '));
  });

  it.each([
    'warren dead list --limit ',
    'warren dead list --older-than ',
    'warren enqueue --id ',
    'warren status --url ',
  ])('offers nothing where nothing is known of it: "%s"', async (line) => {
    expect(await offered(line)).toEqual(['']);
  });

  it('offers files where it names one', async () => {
    expect(await offered('warren status --config completion.t')).toEqual(['completion.test.ts']);
  });

  it('offers queues and options after an option that takes none', async () => {
    expect(await offered('warren dead replay --yes ')).toEqual(expect.arrayContaining(['emails', '--rate']));
  });

  it('does so in fish: choices alone, nothing, or files', () => {
    const lines = completionScript(program, 'fish').split('\n');
    const option = (name: string): string =>
      lines.find((line) => line.includes('seen_subcommand_from list') && line.includes(` -l ${name} `)) ?? '';
    expect(option('reason')).toContain(` -x -a '${REASONS}'`);
    expect(option('limit')).toMatch(/ -x$/);
    expect(option('config')).toMatch(/ -r -F$/);
    expect(option('json')).not.toMatch(/ -[xr]/);
  });
});
