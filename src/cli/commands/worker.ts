import { type Command, Option } from 'commander';
import { createTaskApp } from '../../app/create-task-app';
import type { TaskApp } from '../../app/task-app';
import type { TopologyMode } from '../../broker/broker';
import { LOG_LEVELS, type LogLevel } from '../../events/logger';
import { describeRule } from '../../recurrence/describe-rule';
import { printable } from '../../text/printable';
import { SCHEDULES_QUEUE } from '../../topology/names';
import { EXIT } from '../exit-codes';
import { createCommandLogger } from '../log-format';
import { type CommonOptions, parseList, wholeNumber, withCommonOptions } from '../options';
import type { Output } from '../output';
import { ownVersion } from '../program-version';
import type { Session } from '../session';
import { UsageError } from '../usage-error';

interface WorkerCommandOptions extends CommonOptions {
  readonly queues?: readonly string[];
  readonly concurrency?: number;
  readonly name?: string;
  readonly topology?: TopologyMode;
  readonly logLevel: LogLevel;
}

export function addWorkerCommand(program: Command, session: Session): void {
  const command = program
    .command('worker')
    .description('Run the tasks that are found in files, until SIGTERM or SIGINT.')
    .argument('[glob...]', 'built files with tasks (default: the tasks of the configuration)')
    .option('--queues <names>', 'run the tasks of these queues alone, separated by commas', parseList)
    .option('--concurrency <number>', 'tasks at a time of each queue, instead of what it says', wholeNumber(1, 10_000))
    .option('--name <name>', 'begins the names of the connections')
    .addOption(new Option('--topology <mode>', 'what to do about queues').choices(['assert', 'verify', 'off']))
    .addOption(new Option('--log-level <level>', 'the least that is logged').choices(LOG_LEVELS).default('info'));
  withCommonOptions(command, "warren worker 'dist/**/*.tasks.js' --queues emails,reports --concurrency 20");
  command.action(async (globs: readonly string[], options: WorkerCommandOptions) => {
    await runWorker(globs, options, session);
    session.exitCode = EXIT.ok;
  });
}

async function runWorker(globs: readonly string[], options: WorkerCommandOptions, session: Session): Promise<void> {
  const output = session.output(options);
  const tasks = [...globs, ...(options.tasks ?? [])];
  const fromFiles = await session.appOptions({ ...options, ...(tasks.length === 0 ? {} : { tasks }) });
  if ((fromFiles.tasks ?? []).length === 0) {
    throw new UsageError(
      'name the files with tasks: warren worker "dist/**/*.tasks.js", or "tasks" in warren.config.js',
    );
  }
  const app = await createTaskApp({
    ...fromFiles,
    consume: options.queues ?? fromFiles.consume ?? true,
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.topology === undefined ? {} : { topology: options.topology }),
    logger: fromFiles.logger ?? createCommandLogger(options.logLevel, output),
    handleSignals: true,
  });
  const stopped = app.once('worker:stopped');
  await app.start();
  showBanner(app, output);
  await stopped;
  await app.stop();
}

/** For people only: a collector of logs gets `worker started` as JSON. */
function showBanner(app: TaskApp, output: Output): void {
  if (output.json || output.terminal.stderr.isTTY !== true) {
    createCommandLogger('info', output).info(bannerFields(app), 'warren worker is ready');
    return;
  }
  for (const line of bannerLines(app)) output.note(line);
}

function bannerFields(app: TaskApp): Record<string, unknown> {
  return {
    version: ownVersion(),
    broker: app.address,
    server: `${app.server.product} ${app.server.version}`,
    queues: app.consumedQueues.map(({ name, concurrency }) => ({ name, concurrency })),
    tasks: app.catalog.tasks.map(({ name }) => name),
    schedules: schedulesOf(app).map(({ name, rule }) => ({ name, rule })),
  };
}

function bannerLines(app: TaskApp): readonly string[] {
  const queues = app.consumedQueues;
  const width = Math.max(...queues.map(({ name }) => name.length));
  return [
    `warren ${ownVersion()} on ${app.server.product} ${app.server.version} at ${app.address}`,
    ...queues.map(({ name, concurrency }) => {
      const tasks = app.catalog.tasksOf(name).map((task) => task.name);
      return printable(`  ${name.padEnd(width)}  ${concurrency} at a time  ${tasks.join(', ')}`);
    }),
    ...schedulesOf(app).map(({ name, rule, task }) => printable(`  ${name}  ${rule}  runs ${task}`)),
    'Ctrl-C stops: running tasks are finished first.',
  ];
}

/** The schedules in the code of this app; none where it takes no part in them. */
function schedulesOf(app: TaskApp): readonly { readonly name: string; readonly rule: string; readonly task: string }[] {
  if (!app.topology.queues.some(({ name }) => name === SCHEDULES_QUEUE)) return [];
  return app.catalog.tasks.flatMap(({ name: task, schedules }) =>
    schedules.map((schedule) => ({ name: schedule.name, rule: describeRule(schedule), task })),
  );
}
