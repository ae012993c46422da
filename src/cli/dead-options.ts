import { type Command, Option } from 'commander';
import type { TaskApp } from '../app/task-app';
import type { DeadLetterFilter } from '../dead-letter/filter';
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../settlement/outcome';
import { printable } from '../text/printable';
import { type Duration, parseDuration } from '../time/duration';
import { MAX_INSTANT } from '../time/instant';
import { deadQueueName } from '../topology/names';
import { type CommonOptions, collect, duration, withCommonOptions } from './options';
import type { Output } from './output';
import { UsageError } from './usage-error';

export interface FilterOptions extends CommonOptions {
  readonly id?: readonly string[];
  readonly task?: string;
  readonly reason?: DeadLetterReason;
  readonly error?: string;
  readonly message?: string;
  readonly olderThan?: Duration;
  readonly youngerThan?: Duration;
}

/** The options that say which letters are meant. */
export function withFilterOptions(command: Command, ...examples: readonly string[]): Command {
  command
    .argument('[queue...]', 'home queues (default: those of the tasks)')
    .option('--id <id>', 'the letter of this task; may be repeated', collect)
    .option('--task <name>', 'letters of this task')
    .addOption(new Option('--reason <reason>', 'letters that died of this').choices(DEAD_LETTER_REASONS))
    .option('--error <class>', 'letters whose last error is of this class: TypeError')
    .option('--message <text>', 'letters whose error or payload problem says this')
    .option('--older-than <duration>', 'letters that died longer ago: 90s, 10m, 2h, 7d', duration)
    .option('--younger-than <duration>', 'letters that died since then', duration);
  return withCommonOptions(command, ...examples);
}

/** @param now - milliseconds since 1970. */
export function filterOf(options: FilterOptions, now: number): DeadLetterFilter {
  const { id, task, reason, error, message, olderThan, youngerThan } = options;
  return {
    ...(id === undefined ? {} : { ids: id }),
    ...(task === undefined ? {} : { task }),
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { error }),
    ...(message === undefined ? {} : { message }),
    ...(olderThan === undefined ? {} : { diedBefore: before(now, olderThan) }),
    ...(youngerThan === undefined ? {} : { diedAfter: before(now, youngerThan) }),
  };
}

/** A duration may be longer than dates go back. */
const before = (now: number, duration: Duration): Date =>
  new Date(Math.max(-MAX_INSTANT, now - (parseDuration(duration) ?? 0)));

/** The queues that are named, else those of the tasks. @throws UsageError when there are none. */
export function queuesOf(named: readonly string[], app: TaskApp): readonly string[] {
  const queues = named.length > 0 ? [...new Set(named)] : app.catalog.queues.map(({ name }) => name);
  if (queues.length > 0) return queues;
  throw new UsageError('name the queues, or the files whose tasks live in them (--tasks, or warren.config.js)');
}

/**
 * The queues whose dead letters are meant. A queue of the tasks that was never declared has none: it is left out, with a
 * note, so that it hides no letter of the others. A queue that somebody names must exist.
 */
export async function letterQueuesOf(
  named: readonly string[],
  app: TaskApp,
  output: Output,
): Promise<readonly string[]> {
  const queues = queuesOf(named, app);
  if (named.length > 0) return queues;
  const counts = await Promise.all(queues.map((queue) => app.broker.countReady(deadQueueName(queue))));
  const missing = queues.filter((_, index) => counts[index] === undefined);
  // A broker that has none of them is probably the wrong one, or the wrong virtual host: looking fails, and says so.
  if (missing.length === queues.length) return queues;
  if (missing.length > 0) {
    const which = missing.map((queue) => printable(deadQueueName(queue))).join(', ');
    output.note(`Not on this broker, and so not looked at: ${which}. Start a worker, or run "warren topology apply".`);
  }
  return queues.filter((queue) => !missing.includes(queue));
}
