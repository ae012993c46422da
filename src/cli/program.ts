import { Command } from 'commander';
import { printableStyled } from '../text/printable';
import { addCompletionCommand } from './commands/completion';
import { addDeadCommand } from './commands/dead';
import { addDoctorCommand } from './commands/doctor';
import { addEnqueueCommand } from './commands/enqueue';
import { addMigrateCommand } from './commands/migrate';
import { addPruneCommand } from './commands/prune';
import { addSchedulesCommand } from './commands/schedules';
import { addStatusCommand } from './commands/status';
import { addTopologyCommand } from './commands/topology';
import { addWorkerCommand } from './commands/worker';
import { exampleText } from './options';
import { ownVersion } from './program-version';
import type { Session } from './session';

const EXIT_CODES = `
Exit codes:
  0 ok, 1 found a problem, 2 usage or configuration, 3 no broker,
  130 interrupted`;

/**
 * All commands.
 * @param json - what is wrong with the command line is told by the caller.
 */
export function createProgram(session: Session, json = false): Command {
  const { stdout, stderr } = session.terminal;
  const program = new Command('warren')
    .description('Runs and looks after background tasks on RabbitMQ.')
    .version(ownVersion(), '--version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(printableStyled(text)),
      writeErr: (text) => void stderr.write(printableStyled(text)),
      outputError: (text, write) => {
        if (!json) write(text);
      },
    })
    .addHelpText('after', EXIT_CODES)
    .addHelpText('after', exampleText(["warren worker 'dist/**/*.tasks.js' --url amqp://localhost"]));
  addWorkerCommand(program, session);
  addEnqueueCommand(program, session);
  addDeadCommand(program, session);
  addSchedulesCommand(program, session);
  const topology = addTopologyCommand(program, session);
  addPruneCommand(topology, session);
  addMigrateCommand(topology, session);
  addStatusCommand(program, session);
  addDoctorCommand(program, session);
  addCompletionCommand(program, session);
  return program;
}
