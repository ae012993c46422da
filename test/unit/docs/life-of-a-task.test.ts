import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quotedIn, tableUnder } from '../../support/doc-tables';
import { PROJECT_FOLDER } from '../../support/project-folder';

const PAGE = 'docs/understand/life-of-a-task.md';
const steps = ['## From `enqueue`', '## From the queue', '## From the outcome']
  .flatMap((heading) => tableUnder(PAGE, heading))
  .map(([step, where]) => {
    const [file = '', ...names] = quotedIn(where);
    return { step: Number(step), file, names };
  });

it('numbers every step', () => {
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 19 }, (_, index) => index + 1));
});

it.each(steps)('step $step: $file has $names', ({ file, names }) => {
  const source = readFileSync(join(PROJECT_FOLDER, 'src', file), 'utf8');
  expect(names.length).toBeGreaterThan(0);
  for (const name of names)
    expect(source).toMatch(new RegExp(`(?:^ {2}|function |async |readonly )${name}[(<: ]`, 'm'));
});
