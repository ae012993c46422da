import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const page = readFileSync(join(root, 'docs/look-up/events.md'), 'utf8');
const source = readFileSync(join(root, 'src/events/task-events.ts'), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');

/** The readonly fields that a piece of a type declares. */
const fieldsIn = (text: string): readonly string[] =>
  [...text.matchAll(/readonly (\w+):/g)].map(([, name]) => name ?? '');

const interfaceText = (name: string): string =>
  new RegExp(`interface ${name}[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? '';

const TASK_FIELDS = fieldsIn(interfaceText('TaskEvent'));
const ENDED_FIELDS = fieldsIn(interfaceText('TaskEndedEvent'));

/** Every event of the types: the fields beside those of any task, or of any end. */
const typed = new Map(
  [...interfaceText('WarrenEvents').matchAll(/^ {2}'([\w:-]+)': ((?:.|\n(?! {2}'))*)/gm)].map(
    ([, name = '', type = '']) => [name, { type, fields: fieldsIn(type) }] as const,
  ),
);

const rowsOf = (heading: string): readonly (readonly string[])[] => {
  const table = page.slice(page.indexOf(`| ${heading} `)).split('\n\n')[0] ?? '';
  return table
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
};

const named = (cell: string | undefined): readonly string[] =>
  [...(cell ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name ?? '');

it('finds the types', () => {
  expect(TASK_FIELDS).toEqual(['task', 'id', 'queue', 'attempt', 'traceId']);
  expect(typed.size).toBeGreaterThan(20);
});

it('every event stands on the page, with when it comes and its own fields', () => {
  const rows = rowsOf('event').map(([event, when, fields]) => [
    event?.replaceAll('`', ''),
    (when ?? '').length > 10,
    named(fields),
  ]);
  expect(rows.map(([event, isExplained]) => [event, isExplained])).toEqual(
    [...typed.keys()].map((event) => [event, true]),
  );
  for (const [event, , fields] of rows) {
    expect([event, fields]).toEqual([event, typed.get(String(event))?.fields]);
  }
});

it('every field stands on the page, with its unit or values', () => {
  const known = new Set([...TASK_FIELDS, ...ENDED_FIELDS, ...[...typed.values()].flatMap(({ fields }) => fields)]);
  const rows = rowsOf('field');
  expect(new Set(rows.flatMap(([field]) => named(field)))).toEqual(known);
  expect(rows.filter(([, unit, what]) => (unit ?? '') === '' || (what ?? '') === '')).toEqual([]);
});
