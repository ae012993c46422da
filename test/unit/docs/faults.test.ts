import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_FOLDER } from '../../support/project-folder';

const page = readFileSync(join(PROJECT_FOLDER, 'docs/understand/faults.md'), 'utf8');

/** `faults/crash-loops`: "ends as a dead letter", "…" */
const NAMED = /`((?:faults|conformance|integration|unit)\/[\w/-]+)`: ((?:"[^"]+"(?:, )?)+)/g;

const named = [...page.matchAll(NAMED)].flatMap(([, file = '', names = '']) =>
  [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => [file, name] as const),
);

it('the page on faults names tests', () => {
  expect(named.length).toBeGreaterThan(50);
});

it.each(named)('the page on faults names a test of %s that is there: %s', (file, name) => {
  const suffix = file.endsWith('-suite') ? '.ts' : '.test.ts';
  const text = readFileSync(join(PROJECT_FOLDER, 'test', `${file}${suffix}`), 'utf8');
  expect(text).toContain(name);
});
