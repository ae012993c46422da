import type { Command } from 'commander';
import type { Terminal } from '../../../src/cli/output';
import { createProgram } from '../../../src/cli/program';
import { Session } from '../../../src/cli/session';

const session = new Session(process as unknown as Terminal, {}, '/');

function helpOf(command: Command, path: readonly string[] = []): readonly (readonly [string, string])[] {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 80,
  });
  command.outputHelp();
  return [[path.join(' '), text], ...command.commands.flatMap((sub) => helpOf(sub, [...path, sub.name()]))];
}

it.each(helpOf(createProgram(session)))('the help of "warren %s" fits into 80 columns', (_path, text) => {
  expect(text).toMatch(/^Usage: /);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
