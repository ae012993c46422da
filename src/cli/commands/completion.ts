import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion';
import { EXIT } from '../exit-codes';
import { knownNames, NAME_KINDS, type NameKind } from '../known-names';
import { type CommonOptions, collect, exampleText } from '../options';
import type { Session } from '../session';

export function addCompletionCommand(program: Command, session: Session): void {
  program
    .command('completion')
    .description('Print a script that completes commands and options in your shell.')
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))
    .addHelpText('after', exampleText(['source <(warren completion bash)', 'warren completion fish | source']))
    .action((shell: Shell) => {
      session.terminal.stdout.write(completionScript(program, shell));
      session.exitCode = EXIT.ok;
    });
  // Called by the script: what a shell offers at the Tab key comes soon, or not at all, and never with an error.
  program
    .command('__names', { hidden: true })
    .addArgument(new Argument('<kind>', 'of what').choices(NAME_KINDS))
    .option('--config <file>', 'the configuration')
    .option('--tasks <glob>', 'files with tasks', collect)
    .action(async (kind: NameKind, options: CommonOptions) => {
      const names = await Promise.race([namesOf(kind, options, session), nothingAfter(NAMES_TIMEOUT_MS)]);
      if (names.length > 0) session.terminal.stdout.write(`${names.join('\n')}\n`);
      session.exitCode = EXIT.ok;
    });
}

const NAMES_TIMEOUT_MS = 2_000;

async function namesOf(kind: NameKind, options: CommonOptions, session: Session): Promise<readonly string[]> {
  try {
    const { config } = await session.config(options);
    const app = await session.operatorApp(options);
    return knownNames(kind, app.catalog.tasks, config.contracts ?? []);
  } catch {
    return [];
  }
}

function nothingAfter(ms: number): Promise<readonly string[]> {
  return new Promise((resolve) => void setTimeout(() => resolve([]), ms).unref());
}
