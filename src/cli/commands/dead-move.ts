import type { Command } from 'commander';
import type { TaskApp } from '../../app/task-app';
import type { DeadLetter } from '../../dead-letter/dead-letter';
import type { DeadLetterFilter } from '../../dead-letter/filter';
import type { ReplayProgress } from '../../dead-letter/options';
import { amountOf } from '../../text/amount';
import { printable } from '../../text/printable';
import { confirm } from '../ask';
import { type FilterOptions, filterOf, letterQueuesOf, withFilterOptions } from '../dead-options';
import { editPayload } from '../edit-payload';
import { EXIT, type ExitCode } from '../exit-codes';
import { type Interruption, listenForInterrupt } from '../interrupt';
import { positiveNumber, wholeNumber } from '../options';
import type { Output } from '../output';
import { Progress } from '../progress';
import type { Session } from '../session';
import { UsageError } from '../usage-error';

interface MoveOptions extends FilterOptions {
  readonly dryRun?: boolean;
  readonly limit?: number;
}

interface ReplayCommandOptions extends MoveOptions {
  readonly rate?: number;
  readonly edit?: boolean;
  readonly direct?: boolean;
  readonly yes?: boolean;
  readonly poison?: boolean;
}

interface DiscardCommandOptions extends MoveOptions {
  readonly yes?: boolean;
}

export function addReplayCommand(dead: Command, session: Session): void {
  const command = dead
    .command('replay')
    .description('Put dead letters back into their home queues, with all attempts. Shows how many, and asks first.')
    .option('--dry-run', 'only show how many')
    .option('--yes', 'do not ask')
    .option('--poison', 'also letters whose task killed its worker (reason crash-loop), which else must be named')
    .option('--limit <number>', 'at most this many of each queue', wholeNumber(1, 10_000_000))
    .option('--rate <number>', 'at most so many a second', positiveNumber)
    .option('--edit', 'open each payload in $VISUAL or $EDITOR first; the original is kept in the history')
    .option(
      '--direct',
      'without the queue in between: needs no permission to declare it, but a kill may replay up to 100 letters twice',
    );
  withFilterOptions(command, 'warren dead replay emails --reason exhausted --rate 50');
  command.action(async (queues: readonly string[], options: ReplayCommandOptions) => {
    session.exitCode = await session.withApp(options, (app) => replay(queues, options, app, session));
  });
}

async function replay(
  named: readonly string[],
  options: ReplayCommandOptions,
  app: TaskApp,
  session: Session,
): Promise<ExitCode> {
  const output = session.output(options);
  if (
    options.edit === true &&
    session.terminal.stdin.isTTY !== true &&
    !session.environment['VISUAL'] &&
    !session.environment['EDITOR']
  ) {
    throw new UsageError('--edit needs a terminal, or an editor that needs none in VISUAL or EDITOR');
  }
  const config = await session.config(options);
  const edit = (letter: Parameters<typeof editPayload>[0]) =>
    editPayload(letter, app, config, session.environment, output);
  const poison = new Set<string | undefined>();
  const filter = replayFilter(options, Date.now(), poison);
  const queues = await letterQueuesOf(named, app, output);
  // Who edits decides letter by letter.
  const isAgreed = options.yes === true || options.edit === true;
  const counted = isAgreed ? new Map<string, number>() : await agreed('Replay', queues, filter, options, app, output);
  if (counted === undefined) return EXIT.usage;
  // A bar would run over the questions of an editor.
  const bar = options.edit === true ? 'none' : barOf(filterOf(options, Date.now()));
  const code = await moveAll('replayed', queues, options, bar, app, output, (queue, interruption, onProgress) => {
    // No more than was agreed to. Where that is none, what an interrupted replay has left is brought home all the same.
    const limit = counted.get(queue) ?? options.limit;
    const bounds = limit === undefined ? {} : { limit };
    return app.deadLetters.replay(queue, {
      ...moveOptions(options, interruption, onProgress),
      ...(limit === 0 ? { filter: { ids: [] } } : { filter, ...bounds }),
      staged: options.direct !== true,
      ...(options.rate === undefined ? {} : { ratePerSecond: options.rate }),
      ...(options.edit === true && options.dryRun !== true ? { edit } : {}),
    });
  });
  if (poison.size > 0) {
    output.note(
      `Letters of reason crash-loop stay (${poison.size}): their tasks killed workers. --poison means them too.`,
    );
  }
  return code;
}

/** A letter whose task killed workers kills the next one: it is meant only where somebody says so. */
function replayFilter(options: ReplayCommandOptions, now: number, poison: Set<string | undefined>): DeadLetterFilter {
  const filter = filterOf(options, now);
  if (options.poison === true || options.reason !== undefined || options.id !== undefined) return filter;
  const where = ({ id, reason }: DeadLetter): boolean => {
    if (reason === 'crash-loop') poison.add(id);
    return reason !== 'crash-loop';
  };
  return { ...filter, where };
}

/**
 * Asks, with the number of letters that are meant. @returns how many of each queue were agreed to (none are counted in a
 * dry run), or `undefined` where the answer is no.
 */
async function agreed(
  what: 'Replay' | 'Discard',
  queues: readonly string[],
  filter: DeadLetterFilter,
  options: MoveOptions & { readonly yes?: boolean },
  app: TaskApp,
  output: Output,
): Promise<ReadonlyMap<string, number> | undefined> {
  const counted = new Map<string, number>();
  if (options.dryRun === true) return counted;
  for (const queue of queues) counted.set(queue, await countMatching(queue, filter, options.limit, app));
  const count = [...counted.values()].reduce((sum, each) => sum + each, 0);
  const forGood = what === 'Discard' ? ' for good' : '';
  const question = `${what} ${amountOf(count, 'dead letter')} of ${queues.map(printable).join(', ')}${forGood}?`;
  if (count === 0 || (await confirm(question, options.yes, output))) return counted;
  output.note(`Nothing was ${what.toLowerCase()}ed.`);
  return undefined;
}

export function addDiscardCommand(dead: Command, session: Session): void {
  const command = dead
    .command('discard')
    .description('Delete dead letters for good. Shows how many, and asks first.')
    .option('--dry-run', 'only show how many')
    .option('--limit <number>', 'at most this many of each queue', wholeNumber(1, 10_000_000))
    .option('--yes', 'do not ask');
  withFilterOptions(command, 'warren dead discard emails --task emails.sendWelcome --older-than 30d');
  command.action(async (queues: readonly string[], options: DiscardCommandOptions) => {
    session.exitCode = await session.withApp(options, (app) => discard(queues, options, app, session));
  });
}

async function discard(
  named: readonly string[],
  options: DiscardCommandOptions,
  app: TaskApp,
  session: Session,
): Promise<ExitCode> {
  const output = session.output(options);
  const queues = await letterQueuesOf(named, app, output);
  const filter = filterOf(options, Date.now());
  const counted = await agreed('Discard', queues, filter, options, app, output);
  if (counted === undefined) return EXIT.usage;
  return moveAll('discarded', queues, options, barOf(filter), app, output, async (queue, interruption, onProgress) => {
    // No more than was agreed to: others may have died meanwhile.
    const limit = counted.get(queue) ?? options.limit;
    if (limit === 0) return { scanned: 0, done: 0, total: 0 };
    return app.deadLetters.discard(queue, {
      filter,
      ...moveOptions(options, interruption, onProgress),
      ...(limit === undefined ? {} : { limit }),
    });
  });
}

async function countMatching(
  queue: string,
  filter: DeadLetterFilter,
  limit: number | undefined,
  app: TaskApp,
): Promise<number> {
  const all = Object.keys(filter).length === 0 ? await app.deadLetters.count(queue) : undefined;
  if (all !== undefined) return Math.min(all, limit ?? all);
  return (await app.deadLetters.discard(queue, { filter, dryRun: true, ...(limit === undefined ? {} : { limit }) }))
    .done;
}

function moveOptions(
  { dryRun, limit }: MoveOptions,
  interruption: Interruption,
  onProgress: (progress: ReplayProgress) => void,
) {
  return {
    signal: interruption.signal,
    onProgress,
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(limit === undefined ? {} : { limit }),
  };
}

type Move = (
  queue: string,
  interruption: Interruption,
  onProgress: (progress: ReplayProgress) => void,
) => Promise<ReplayProgress>;

/** `count`: nobody knows how many letters a filter lets through. */
type Bar = 'share' | 'count' | 'none';

const barOf = (filter: DeadLetterFilter): Bar => (Object.keys(filter).length === 0 ? 'share' : 'count');

async function progressOf(
  queue: string,
  what: string,
  { limit }: MoveOptions,
  bar: 'share' | 'count',
  app: TaskApp,
  output: Output,
): Promise<Progress> {
  const total = bar === 'count' ? undefined : Math.min(await app.deadLetters.count(queue), limit ?? Infinity);
  return new Progress(output, `${queue} ${what}`, total);
}

/** Works off the queues one after the other, until it is interrupted; tells what was done also when it fails. */
async function moveAll(
  what: string,
  queues: readonly string[],
  options: MoveOptions,
  bar: Bar,
  app: TaskApp,
  output: Output,
  move: Move,
): Promise<ExitCode> {
  const interruption = listenForInterrupt();
  const results: { readonly queue: string; readonly done: number }[] = [];
  const dryRun = options.dryRun === true;
  const tell = (): void => tellMoved(what, results, dryRun, interruption.signal.aborted, output);
  try {
    for (const queue of queues) {
      if (interruption.signal.aborted) break;
      const progress = dryRun || bar === 'none' ? undefined : await progressOf(queue, what, options, bar, app, output);
      let done = 0;
      try {
        ({ done } = await move(queue, interruption, (now) => {
          done = now.done;
          progress?.update(done);
        }));
      } finally {
        progress?.stop();
        results.push({ queue, done });
      }
    }
  } catch (error) {
    tell();
    throw error;
  } finally {
    interruption.dispose();
  }
  tell();
  return interruption.signal.aborted ? EXIT.interrupted : EXIT.ok;
}

function tellMoved(
  what: string,
  results: readonly { readonly queue: string; readonly done: number }[],
  dryRun: boolean,
  interrupted: boolean,
  output: Output,
): void {
  if (output.json) {
    output.printJson({ [what]: results, dryRun, interrupted });
    return;
  }
  const would = dryRun ? 'Would have ' : '';
  const verb = dryRun ? what : what.charAt(0).toUpperCase() + what.slice(1);
  for (const { queue, done } of results) {
    output.print(
      `${would}${verb} ${amountOf(done, 'dead letter')} of ${printable(queue)}${interrupted ? ', then was interrupted; the rest is still there' : ''}.`,
    );
  }
}
