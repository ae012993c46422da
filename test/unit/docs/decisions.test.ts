import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_FOLDER } from '../../support/project-folder';

const FOLDERS = ['src', 'test', 'scripts'];
const sources = FOLDERS.flatMap((folder) =>
  readdirSync(join(PROJECT_FOLDER, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:ts|mjs)$/.test(path) && !path.includes('node_modules'))
    .map((path) => readFileSync(join(PROJECT_FOLDER, folder, path), 'utf8')),
);
const decisions = readdirSync(join(PROJECT_FOLDER, 'docs/decisions'));

it('there are decisions, and code', () => {
  expect(decisions.length).toBeGreaterThan(15);
  expect(sources.length).toBeGreaterThan(500);
});

it.each(decisions)('a file cites the decision %s', (decision) => {
  expect(sources.some((source) => source.includes(`docs/decisions/${decision}`))).toBe(true);
});

it('no file cites a decision that is not there', () => {
  const cited = new Set(
    sources.flatMap((source) => [...source.matchAll(/docs\/decisions\/([\w-]+\.md)/g)].map(([, name = '']) => name)),
  );
  expect([...cited].filter((name) => !decisions.includes(name))).toEqual([]);
});
