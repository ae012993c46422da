import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion';
import { EXIT } from '../exit-codes';
import { exampleText } from '../options';
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
}
