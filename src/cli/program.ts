import { Command } from 'commander';
import { addDeadCommand } from './commands/dead';
import { addEnqueueCommand } from './commands/enqueue';
import { addWorkerCommand } from './commands/worker';
import { exampleText } from './options';
import { ownVersion } from './program-version';
import type { Session } from './session';

const EXIT_CODES = `
Exit codes:
  0 ok, 1 found a problem, 2 usage or configuration, 3 no broker, 130 interrupted`;

/** All commands. */
export function createProgram(session: Session): Command {
  const { stdout, stderr } = session.terminal;
  const program = new Command('warren')
    .description('Runs and looks after background tasks on RabbitMQ.')
    .version(ownVersion(), '--version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .addHelpText('after', EXIT_CODES)
    .addHelpText('after', exampleText(["warren worker 'dist/**/*.tasks.js' --url amqp://localhost"]));
  addWorkerCommand(program, session);
  addEnqueueCommand(program, session);
  addDeadCommand(program, session);
  return program;
}
