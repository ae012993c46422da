import type { Command } from 'commander';
import type { TaskApp } from '../../app/task-app';
import type { ScheduleInfo } from '../../schedule/state/schedule-info';
import { printable } from '../../text/printable';
import { EXIT } from '../exit-codes';
import { type CommonOptions, exampleText, withCommonOptions } from '../options';
import type { Output } from '../output';
import type { Session } from '../session';
import { formatTable } from '../table';

export function addSchedulesCommand(program: Command, session: Session): void {
  const schedules = program
    .command('schedules')
    .description('List, pause, resume and trigger schedules.')
    .addHelpText('after', exampleText(['warren schedules list']));
  addListCommand(schedules, session);
  addTriggerCommand(schedules, session);
  addChangeCommand(schedules, session, {
    verb: 'pause',
    done: 'Paused',
    description: 'Make no more runs, until they are resumed.',
  });
  addChangeCommand(schedules, session, {
    verb: 'resume',
    done: 'Resumed',
    description: 'Make runs again, from now on.',
  });
}

function addListCommand(schedules: Command, session: Session): void {
  const command = schedules
    .command('list')
    .description('List the schedules of the virtual host, with their last and their next run. Needs no worker.');
  withCommonOptions(command, 'warren schedules list --url amqp://rabbit');
  command.action(async (options: CommonOptions) => {
    const output = session.output(options);
    const infos = await session.withApp(options, (app) => app.schedules.list());
    if (output.json) output.printJson(infos.map(scheduleJson));
    else output.print(infos.length === 0 ? 'No schedules.' : scheduleTable(infos, output));
    session.exitCode = EXIT.ok;
  });
}

function addTriggerCommand(schedules: Command, session: Session): void {
  const command = schedules
    .command('trigger')
    .description('Run schedules once, now. Paused schedules, too.')
    .argument('<name...>', 'schedules');
  withCommonOptions(command, 'warren schedules trigger reports.nightly');
  command.action(async (names: readonly string[], options: CommonOptions) => {
    const output = session.output(options);
    await session.withApp(options, async (app) => {
      for (const name of names) {
        const { id, task, queue } = await app.schedules.trigger(name);
        if (output.json) output.printJson({ triggered: name, id, task, queue }, true);
        else output.print(printable(`Enqueued ${task} (${id}) in ${queue}.`));
      }
    });
    session.exitCode = EXIT.ok;
  });
}

interface Change {
  readonly verb: 'pause' | 'resume';
  readonly done: string;
  readonly description: string;
}

function addChangeCommand(schedules: Command, session: Session, { verb, done, description }: Change): void {
  const command = schedules.command(verb).description(description).argument('<name...>', 'schedules');
  withCommonOptions(command, `warren schedules ${verb} reports.nightly`);
  command.action(async (names: readonly string[], options: CommonOptions) => {
    const output = session.output(options);
    await session.withApp(options, async (app: TaskApp) => {
      for (const name of names) {
        await app.schedules[verb](name);
        if (output.json) output.printJson({ [`${verb}d`]: name }, true);
        else output.print(printable(`${done} ${name}.`));
      }
    });
    session.exitCode = EXIT.ok;
  });
}

/** Instants as ISO 8601; what is not known is left out. */
export function scheduleJson({ lastTick, nextTick, startAt, endAt, ...info }: ScheduleInfo): Record<string, unknown> {
  const instants = Object.entries({ lastTick, nextTick, startAt, endAt }).flatMap(([key, date]) =>
    date === undefined ? [] : [[key, date.toISOString()] as const],
  );
  return { ...info, ...Object.fromEntries(instants) };
}

function scheduleTable(infos: readonly ScheduleInfo[], output: Output): string {
  const rows = infos.map(({ name, rule, problem, state, lastTick, nextTick, origin, task }) => [
    name,
    problem ?? rule,
    nextTick === undefined ? state : shown(nextTick),
    shown(lastTick),
    origin === 'code' ? 'code' : 'added',
    task,
  ]);
  return formatTable(['NAME', 'RULE', 'NEXT', 'LAST', 'FROM', 'TASK'], rows, {
    columns: output.columns,
    second: [4, 5],
    leastOfLast: Number.POSITIVE_INFINITY,
    style: (text, _row, column) => (column === 2 && text === 'paused' ? output.style('yellow', text) : text),
  });
}

const shown = (date: Date | undefined): string =>
  date === undefined ? '-' : date.toISOString().replace('T', ' ').replace('.000Z', 'Z');
