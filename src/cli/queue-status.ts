import type { TaskApp } from '../app/task-app';
import { printable } from '../text/printable';
import { DELAY_LEVELS } from '../topology/ladder';
import { DELAY_UNROUTED, deadQueueName, delayLevelName, isDelayLevelName, replayQueueName } from '../topology/names';
import { field, list, type ManagementApi, number, text } from './management';
import type { Output } from './output';
import { formatTable } from './table';
import { findUnusableSchedules } from './unusable-schedules';

/** What is known of one queue. `undefined`: only the management plugin knows it, and it does not answer. */
export interface QueueStatus {
  readonly queue: string;
  /** `undefined`: there is no such queue. */
  readonly ready: number | undefined;
  readonly running: number | undefined;
  readonly dead: number | undefined;
  /** Letters of a replay that was interrupted. */
  readonly replaying: number;
  readonly consumers: number | undefined;
  /** Messages a second. */
  readonly publishRate: number | undefined;
  readonly ackRate: number | undefined;
}

export interface Status {
  readonly queues: readonly QueueStatus[];
  /** Retries and delayed tasks of all queues together: they share one ladder. */
  readonly delayed: number;
  /** Delayed messages whose home queue is gone, and what no level of the ladder takes. */
  readonly unrouted: number;
  /** Delayed messages whose time in a level is over and that have not left it. `undefined`: only the management plugin knows. */
  readonly leaving: number | undefined;
  /** Schedules of the virtual host that are stored, cannot be used, and make no ticks. */
  readonly unusableSchedules: readonly { readonly name: string; readonly problem: string | undefined }[];
}

export async function readStatus(
  queues: readonly string[],
  app: TaskApp,
  management: ManagementApi | undefined,
): Promise<Status> {
  const stats = management === undefined ? [] : list(await management.get(`/queues/${management.vhost}`));
  const statByName = new Map(stats.map((stat) => [text(field(stat, 'name')), stat]));
  const ladder = Array.from({ length: DELAY_LEVELS }, (_, level) => app.broker.countReady(delayLevelName(level)));
  const [statuses, unrouted, levels, unusable] = await Promise.all([
    Promise.all(queues.map((queue) => queueStatus(queue, app, statByName.get(queue)))),
    app.broker.countReady(DELAY_UNROUTED),
    Promise.all(ladder),
    findUnusableSchedules(app),
  ]);
  const delayed = levels.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return {
    queues: statuses,
    delayed,
    unrouted: unrouted ?? 0,
    leaving: leavingOf(stats),
    unusableSchedules: unusable.map(({ name, problem }) => ({ name, problem })),
  };
}

function leavingOf(stats: readonly unknown[]): number | undefined {
  const levels = stats.filter((stat) => isDelayLevelName(text(field(stat, 'name')) ?? ''));
  if (levels.length === 0) return undefined;
  return levels.reduce<number>((sum, stat) => sum + (number(field(stat, 'messages_dlx')) ?? 0), 0);
}

async function queueStatus(queue: string, app: TaskApp, stat: unknown): Promise<QueueStatus> {
  const [state, dead, replaying] = await Promise.all([
    app.broker.queueState(queue),
    app.broker.countReady(deadQueueName(queue)),
    app.broker.countReady(replayQueueName(queue)),
  ]);
  return {
    queue,
    ready: state?.ready,
    running: number(field(stat, 'messages_unacknowledged')),
    dead,
    replaying: replaying ?? 0,
    consumers: state?.consumers,
    publishRate: number(field(stat, 'message_stats', 'publish_details', 'rate')),
    ackRate: number(field(stat, 'message_stats', 'ack_details', 'rate')),
  };
}

const DEAD = 2;
const CONSUMERS = 3;
const QUEUE = 6;

/** What somebody should look at: dead letters, tasks that nobody takes, and a queue that is not there. */
function statusStyle(queue: QueueStatus | undefined, column: number): 'red' | 'yellow' | undefined {
  if (queue === undefined) return undefined;
  if (column === DEAD && (queue.dead ?? 0) > 0) return 'red';
  if (column === CONSUMERS && queue.consumers === 0) return (queue.ready ?? 0) > 0 ? 'red' : 'yellow';
  return column === QUEUE && queue.ready === undefined ? 'red' : undefined;
}

/** A table no wider than the terminal; in a pipe as wide as it is. */
export function statusText(status: Status, output: Output): string {
  const shown = (value: number | undefined): string => (value === undefined ? '-' : String(value));
  const rate = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)}/s`);
  const rows = status.queues.map((each) => [
    shown(each.ready),
    shown(each.running),
    shown(each.dead),
    shown(each.consumers),
    rate(each.publishRate),
    rate(each.ackRate),
    each.ready === undefined ? `${each.queue} (missing)` : each.queue,
  ]);
  const table = formatTable(['READY', 'RUNNING', 'DEAD', 'CONSUMERS', 'IN', 'OUT', 'QUEUE'], rows, {
    columns: output.columns,
    right: [0, 1, 2, 3, 4, 5],
    style: (text, row, column) => {
      const style = statusStyle(status.queues[row], column);
      return style === undefined ? text : output.style(style, text);
    },
  });
  const replaying = status.queues.reduce((sum, each) => sum + each.replaying, 0);
  return [
    table,
    `Delayed or waiting for a retry, all queues: ${status.delayed}`,
    ...(status.unrouted === 0 ? [] : [output.style('yellow', `In ${DELAY_UNROUTED}: ${status.unrouted}`)]),
    ...((status.leaving ?? 0) === 0
      ? []
      : [
          output.style(
            'yellow',
            `Delayed, due, and still in a level: ${status.leaving} ("warren doctor" says whether they are stuck)`,
          ),
        ]),
    ...status.unusableSchedules.map(({ name, problem = 'it cannot be used' }) =>
      output.style('yellow', printable(`The schedule "${name}" makes no ticks: ${problem}`)),
    ),
    ...(replaying === 0 ? [] : [output.style('yellow', `In an interrupted replay: ${replaying}`)]),
  ].join('\n');
}
