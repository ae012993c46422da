import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const WARREN = join(__dirname, '../../dist/index.mjs');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(__dirname, 'circular-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('a file with tasks that imports the app which waits for it is an error that says so', async () => {
  await writeFile(
    join(folder, 'app.mjs'),
    `import { createTaskApp } from ${JSON.stringify(WARREN)};
     export const app = await createTaskApp({ url: 'memory:', tasks: ['*.tasks.mjs'], cwd: ${JSON.stringify(folder)} });`,
  );
  await writeFile(join(folder, 'mail.tasks.mjs'), `import { app } from './app.mjs'; export const used = () => app;`);
  const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, [join(folder, 'app.mjs')], { timeout: 20_000 }, (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
  });
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('mail.tasks.mjs cannot be loaded');
  expect(ended.stderr).toContain('a circular import');
  expect(ended.stderr).toContain('task.client');
});
