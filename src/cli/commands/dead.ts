import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import type { TaskApp } from '../../app/task-app';
import type { DeadLetter } from '../../dead-letter/dead-letter';
import type { DeadLetterFilter } from '../../dead-letter/filter';
import { describeThrown } from '../../errors/describe-thrown';
import { amountOf } from '../../text/amount';
import { printable } from '../../text/printable';
import { replayQueueName } from '../../topology/names';
import { type FilterOptions, filterOf, letterQueuesOf, withFilterOptions } from '../dead-options';
import { EXIT, type ExitCode } from '../exit-codes';
import { listenForInterrupt } from '../interrupt';
import { letterJson, letterTable, letterText } from '../letter-view';
import { type CommonOptions, exampleText, wholeNumber, withCommonOptions } from '../options';
import { terminalJson } from '../output';
import type { Session } from '../session';
import { ProblemError, UsageError } from '../usage-error';
import { addDiscardCommand, addReplayCommand } from './dead-move';

interface ListOptions extends FilterOptions {
  readonly limit: number;
}

interface ExportOptions extends FilterOptions {
  readonly output?: string;
  readonly limit?: number;
}

export function addDeadCommand(program: Command, session: Session): void {
  const dead = program
    .command('dead')
    .description('List, replay and discard dead letters: tasks that failed for good.')
    .addHelpText('after', exampleText(['warren dead list emails --reason exhausted --younger-than 2h']));
  addListCommand(dead, session);
  addShowCommand(dead, session);
  addReplayCommand(dead, session);
  addDiscardCommand(dead, session);
  addExportCommand(dead, session);
}

function addListCommand(dead: Command, session: Session): void {
  const command = dead
    .command('list')
    .description('List dead letters, oldest first. Changes nothing.')
    .option('--limit <number>', 'at most this many of each queue', wholeNumber(1, 1_000_000), 50);
  withFilterOptions(command, 'warren dead list emails --error TypeError --message "mailbox full"');
  command.action(async (queues: readonly string[], options: ListOptions) => {
    session.exitCode = await session.withApp(options, (app) => list(queues, options, app, session));
  });
}

async function list(named: readonly string[], options: ListOptions, app: TaskApp, session: Session): Promise<ExitCode> {
  const output = session.output(options);
  const filter = filterOf(options, Date.now());
  const letters: DeadLetter[] = [];
  let total = 0;
  for (const queue of await letterQueuesOf(named, app, output)) {
    total += await app.deadLetters.count(queue);
    letters.push(...(await app.deadLetters.list(queue, { filter, limit: options.limit })));
    const staged = (await app.broker.countReady(replayQueueName(queue))) ?? 0;
    if (staged > 0) {
      output.note(
        `${amountOf(staged, 'letter')} of ${printable(queue)} on the way home: "warren dead replay ${printable(queue)}" finishes what was interrupted.`,
      );
    }
  }
  if (output.json) output.printJson(letters.map(letterJson));
  else if (letters.length === 0)
    output.print(total === 0 ? 'No dead letters.' : `None of ${amountOf(total, 'dead letter')}.`);
  else {
    output.print(letterTable(letters, Date.now(), output.columns, (style, text) => output.style(style, text)));
    output.print(`${letters.length} of ${amountOf(total, 'dead letter')}.`);
  }
  return EXIT.ok;
}

function addShowCommand(dead: Command, session: Session): void {
  const command = dead
    .command('show')
    .description('Show one dead letter with its history and its payload.')
    .argument('<id>', "the task's id")
    .argument('[queue...]', 'home queues to look in (default: those of the tasks)');
  withCommonOptions(command, 'warren dead show 0b1f7c1e-6f0e-4c50-9a57-6d1b3d3f3f10 emails');
  command.action(async (id: string, queues: readonly string[], options: CommonOptions) => {
    session.exitCode = await session.withApp(options, (app) => show(id, queues, options, app, session));
  });
}

async function show(
  id: string,
  named: readonly string[],
  options: CommonOptions,
  app: TaskApp,
  session: Session,
): Promise<ExitCode> {
  const output = session.output(options);
  const queues = await letterQueuesOf(named, app, output);
  for (const queue of queues) {
    const letter = (await app.deadLetters.list(queue, { filter: { ids: [id] }, limit: 1 }))[0];
    if (letter === undefined) continue;
    if (output.json) output.printJson(letterJson(letter));
    else output.print(letterText(letter, output));
    return EXIT.ok;
  }
  const looked = queues.map(printable).join(', ');
  throw new ProblemError('NOT_FOUND', `there is no dead letter with the id "${printable(id)}" in ${looked}`);
}

function addExportCommand(dead: Command, session: Session): void {
  const command = dead
    .command('export')
    .description('Write dead letters as JSON Lines. They stay where they are.')
    .option('--output <file>', 'where to (default: standard output)')
    .option('--limit <number>', 'at most this many of each queue', wholeNumber(1, 10_000_000));
  withFilterOptions(command, 'warren dead export emails --output emails.dead.jsonl');
  command.action(async (queues: readonly string[], options: ExportOptions) => {
    session.exitCode = await session.withApp(options, (app) => exportLetters(queues, options, app, session));
  });
}

async function exportLetters(
  named: readonly string[],
  options: ExportOptions,
  app: TaskApp,
  session: Session,
): Promise<ExitCode> {
  const output = session.output(options);
  const file = options.output === undefined ? undefined : await openNewFile(options.output);
  const sink = file ?? session.terminal.stdout;
  const filter = filterOf(options, Date.now());
  const interruption = listenForInterrupt();
  let exported = 0;
  try {
    for (const queue of await letterQueuesOf(named, app, output)) {
      exported += await exportQueue(queue, filter, options.limit, interruption.signal, app, sink);
    }
  } finally {
    interruption.dispose();
    if (file !== undefined) await finished(file.end());
  }
  const interrupted = interruption.signal.aborted;
  // Standard output holds the letters themselves where no file does.
  if (output.json && file !== undefined) output.printJson({ exported, interrupted });
  output.note(`Exported ${amountOf(exported, 'dead letter')}${interrupted ? ', then was interrupted' : ''}.`);
  return interrupted ? EXIT.interrupted : EXIT.ok;
}

async function exportQueue(
  queue: string,
  filter: DeadLetterFilter,
  limit: number | undefined,
  signal: AbortSignal,
  app: TaskApp,
  sink: NodeJS.WritableStream,
): Promise<number> {
  let exported = 0;
  const bounds = limit === undefined ? {} : { limit };
  for await (const letter of app.deadLetters.each(queue, { filter, signal, ...bounds })) {
    // A slow reader is waited for: what it has not taken would be kept in memory.
    if (!sink.write(`${terminalJson(letterJson(letter), true)}\n`))
      await once(sink, 'drain', { signal }).catch(() => undefined);
    exported++;
  }
  return exported;
}

/** Never over a file that is there: an export may be the only copy of what was discarded after it. */
async function openNewFile(path: string): Promise<WriteStream> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  try {
    await once(file, 'open');
    return file;
  } catch (error) {
    const { code } = describeThrown(error);
    throw new UsageError(`cannot write ${path}: ${code === 'EEXIST' ? 'there is such a file' : (code ?? 'it failed')}`);
  }
}
