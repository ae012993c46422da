import type { Command } from 'commander';
import type { TaskApp } from '../../app/task-app';
import { type Duration, parseDuration } from '../../time/duration';
import { queuesOf } from '../dead-options';
import { EXIT, type ExitCode } from '../exit-codes';
import { listenForInterrupt } from '../interrupt';
import { type ManagementApi, openManagement } from '../management';
import { type CommonOptions, duration, withCommonOptions, withManagementOptions } from '../options';
import type { Output } from '../output';
import { readStatus, statusText } from '../queue-status';
import type { Session } from '../session';

interface StatusOptions extends CommonOptions {
  readonly watch?: boolean;
  readonly interval: Duration;
}

const CLEAR_SCREEN = '\u001b[H\u001b[2J';

export function addStatusCommand(program: Command, session: Session): void {
  const command = program
    .command('status')
    .description('Show the queues: ready, running, dead, consumers, rates. Exits with 1 where a queue is missing.')
    .argument('[queue...]', 'home queues (default: those of the tasks)')
    .option('--watch', 'refresh until Ctrl-C')
    .option('--interval <duration>', 'how often', duration, '2s' as Duration);
  withManagementOptions(withCommonOptions(command, 'warren status emails reports --watch'));
  command.action(async (queues: readonly string[], options: StatusOptions) => {
    session.exitCode = await session.withApp(options, async (app) => {
      const management = await openManagement(options, app, session);
      const names = queuesOf(queues, app);
      if (options.watch === true) return watch(names, options, app, management, session.output(options));
      return showOnce(names, app, management, session.output(options));
    });
  });
}

async function showOnce(
  queues: readonly string[],
  app: TaskApp,
  management: ManagementApi | undefined,
  output: Output,
): Promise<ExitCode> {
  const status = await readStatus(queues, app, management);
  if (output.json) output.printJson(status);
  else {
    output.print(statusText(status, output));
    if (management === undefined)
      output.note('RUNNING, IN and OUT are known to the management plugin alone (--management).');
  }
  return status.queues.some(({ ready }) => ready === undefined) ? EXIT.problem : EXIT.ok;
}

/** On a terminal each view takes the place of the last one; elsewhere they follow each other. Ends by Ctrl-C, with 130 as every command does. */
async function watch(
  queues: readonly string[],
  options: StatusOptions,
  app: TaskApp,
  management: ManagementApi | undefined,
  output: Output,
): Promise<ExitCode> {
  const interruption = listenForInterrupt();
  const intervalMs = Math.max(100, parseDuration(options.interval) ?? 0);
  try {
    while (!interruption.signal.aborted) {
      const status = await readStatus(queues, app, management);
      if (output.json) output.printJson({ at: new Date().toISOString(), ...status }, true);
      else {
        if (output.terminal.stdout.isTTY === true) output.terminal.stdout.write(CLEAR_SCREEN);
        output.print(
          `${new Date().toISOString()}  ${app.server.product} ${app.server.version}\n${statusText(status, output)}`,
        );
      }
      await pause(intervalMs, interruption.signal, output.terminal.stdout);
    }
  } finally {
    interruption.dispose();
  }
  return EXIT.interrupted;
}

/** Until the next look: the interval, Ctrl-C, or another size of the terminal, which the last view no longer fits. */
function pause(ms: number, signal: AbortSignal, stdout: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      stdout.removeListener('resize', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    stdout.on('resize', end);
  });
}
