import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../../../src/cli/program';
import { Session } from '../../../src/cli/session';
import { PROJECT_FOLDER } from '../../support/project-folder';

const PAGES = [
  'README.md',
  ...readdirSync(join(PROJECT_FOLDER, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

/** Every `warren …` of a page: lines of code blocks, and code within the text. Tables list commands without all of it. */
function commandsOf(page: string): readonly string[] {
  const text = readFileSync(join(PROJECT_FOLDER, page), 'utf8');
  const spans = text
    .replaceAll(/```[\s\S]*?```/g, '')
    .split('\n')
    .filter((line) => !line.startsWith('|'))
    .join('\n')
    .matchAll(/`(?:\w+="[^"]*" )?(?:npx )?(warren [^`]+)`/g);
  const lines = text.matchAll(/^\s*(?:\w+="[^"]*" )?(?:npx )?(warren [^\n]+)$/gm);
  return [...spans, ...lines].map(([, command]) => (command ?? '').replaceAll(/\s+/g, ' '));
}

/** As a shell splits it, up to a comment or whatever else follows. */
function wordsOf(command: string): readonly string[] {
  const [own = ''] = command.split(/ (?:#|\||>|&&) ?/);
  return [...own.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, bare]) => one ?? two ?? bare ?? '').slice(1);
}

function withoutActions(command: Command): Command {
  command.action(() => undefined);
  // Each level has its own: an error must not end this process, nor be printed.
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  for (const sub of command.commands) withoutActions(sub);
  return command;
}

const COMMANDS = PAGES.flatMap((page) =>
  commandsOf(page)
    // Names in general, such as `warren dead`, and commands with their ends left out.
    .filter((command) => !/…|^warren (?:dead|topology|completion|<\w+>)(?: --help)?$/.test(command))
    .map((command) => [page, command] as const),
);

it('finds the commands of the pages', () => {
  expect(COMMANDS.length).toBeGreaterThan(30);
});

it.each(COMMANDS)('%s: the command line takes "%s"', async (_page, command) => {
  const session = new Session(process, {}, PROJECT_FOLDER);
  const program = withoutActions(createProgram(session));
  await expect(program.parseAsync([...wordsOf(command)], { from: 'user' })).resolves.toBeDefined();
});
