import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(__dirname, '../..');

describe('the public types', () => {
  it('accept what users write and refuse what they must not (each line marked @ts-expect-error)', async () => {
    const compiled = run(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', __dirname], { cwd: root }).then(
      () => '',
      (failure: { stdout: string }) => failure.stdout,
    );
    expect(await compiled).toBe('');
  }, 60_000);
});
