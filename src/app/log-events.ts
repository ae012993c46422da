import { describeThrown, type ThrownDescription } from '../errors/describe-thrown';
import type { EventBus } from '../events/event-bus';
import { isLevelEnabled, type Logger } from '../events/logger';
import type { ClockPair, TaskEvent } from '../events/task-events';
import { realElapsed } from '../time/real-timers';
import { Outages } from './outages';

/** Writes one line for each change of state. What every task goes through stands at `debug`, and costs nothing elsewhere. */
export function logEvents(events: EventBus, logger: Logger): void {
  if (isLevelEnabled(logger, 'debug')) logEveryTask(events, logger);
  logTaskEvents(events, logger);
  logWorkerEvents(events, logger);
  logScheduleEvents(events, logger);
  events.on('listener:failed', ({ event, error }) =>
    logger.error({ event, ...shown(error) }, 'an event listener failed'),
  );
}

function logEveryTask(events: EventBus, logger: Logger): void {
  events.on('task:enqueued', (event) => logger.debug({ ...event }, 'task enqueued'));
  // Whoever enqueued it has the error already.
  events.on('enqueue:failed', ({ error, ...event }) =>
    logger.debug({ ...event, ...shown(error) }, 'task could not be enqueued'),
  );
  events.on('task:started', (event) => logger.debug({ ...event }, 'task started'));
  events.on('task:completed', (event) => logger.debug({ ...event }, 'task completed'));
}

function logTaskEvents(events: EventBus, logger: Logger): void {
  events.on('task:retried', ({ error, ...event }) => {
    // A handler that asks for a retry has not failed, and a worker that does not know a task has not run it.
    if (error.name === 'RetryTask') logger.info({ ...event, ...shown(error) }, 'task asked for a retry');
    else if (error.name === 'UnknownTask') {
      logger.warn(
        { ...event, ...shown(error) },
        'no task of this name is known here; it waits for a worker that knows it',
      );
    } else logger.warn({ ...event, ...shown(error) }, 'task failed and will be retried');
  });
  events.on('task:dead-lettered', ({ error, ...event }) =>
    logger.error({ ...event, ...(error === undefined ? {} : shown(error)) }, 'task moved to the dead-letter queue'),
  );
  events.on('task:timed-out', (event) => logger.warn({ ...event }, 'task ran longer than its timeout'));
  events.on('task:overdue', (event) => logger.warn({ ...event }, 'handler still runs long after its timeout'));
  events.on('task:overdue-ended', (event) => logger.info({ ...event }, 'handler that was overdue has returned'));
  events.on('task:isolated', (event) =>
    logger.warn(
      { ...event },
      'task was out each time that a worker died or lost its connection; from now on it runs alone',
    ),
  );
  events.on('task:snoozed', (event) => logger.debug({ ...event }, 'task snoozed'));
  events.on('task:discarded', (event) => logger.debug({ ...event }, 'task discarded'));
  events.on('task:interrupted', (event) => logger.info({ ...event }, 'task given back to its queue'));
  events.on('settlement:failed', ({ error, ...event }) =>
    logger.error(
      { ...event, ...shown(error) },
      'the end of a task could not be settled; the broker will deliver the task again',
    ),
  );
}

function logScheduleEvents(events: EventBus, logger: Logger): void {
  events.on('schedule:ticked', ({ at, ...event }) => logger.debug({ ...event, at: instant(at) }, 'schedule ticked'));
  events.on('schedule:skipped', ({ from, until, ...event }) =>
    logger.warn({ ...event, from: instant(from), until: instant(until) }, 'ticks of a schedule were left out'),
  );
  events.on('schedule:unusable', (event) =>
    logger.error({ ...event }, 'a schedule cannot be used and makes no ticks; the others go on'),
  );
  events.on('schedule:failed', ({ error, ...event }) =>
    logger.error({ ...event, ...shown(error) }, 'the tick of a schedule could not be enqueued and is tried again'),
  );
  events.on('schedule:clashed', (event) =>
    logger.warn({ ...event }, 'workers give one name to schedules of several tasks; the one that started last counts'),
  );
  events.on('schedules:leading', ({ leading, ...event }) =>
    logger.info({ ...event }, leading ? 'makes the ticks of all schedules' : 'makes no more ticks of schedules'),
  );
}

function logWorkerEvents(events: EventBus, logger: Logger): void {
  events.on('worker:started', (event) => logger.info({ ...event }, 'worker started'));
  events.on('worker:ack-timeout', (event) =>
    logger.warn(
      { ...event },
      "tasks may run longer than the broker's consumer_timeout, unless that was raised: it would deliver them again",
    ),
  );
  events.on('worker:paused', (event) => logger.info({ ...event }, 'worker paused'));
  events.on('worker:resumed', (event) => logger.info({ ...event }, 'worker resumed'));
  events.on('worker:stopping', (event) => logger.info({ ...event }, 'worker stopping'));
  events.on('worker:stopped', (event) => logger.info({ ...event }, 'worker stopped'));
  const outages = new Outages();
  let blockedAt = Number.NEGATIVE_INFINITY;
  events.on('loop:blocked', ({ blockedMs, tasks }) => {
    blockedAt = realElapsed();
    logger.warn({ blockedMs, tasks }, `the event loop stood still for ${blockedMs} ms: ${causeOf(tasks)}`);
  });
  events.on('clock:skewed', ({ clocks, aheadMs }) => logger.warn({ clocks, aheadMs }, skewText(clocks, aheadMs)));
  // One warning for one block: every connection and consumer is lost with it, and comes back.
  const level = (what: string, isLoss: boolean, isBack: boolean): 'warn' | 'debug' => {
    if (isLoss && realElapsed() - blockedAt <= LOST_BY_BLOCK_MS) return 'debug';
    return outages.note(what, isLoss, isBack) ? 'warn' : 'debug';
  };
  events.on('connection:changed', ({ name, state, address, error }) => {
    const isLoss = error !== undefined || state === 'blocked';
    // Not as "name": pino's loggers have one themselves.
    const fields = { connection: name, state, address, ...shownError(error) };
    logger[level(`connection ${name}`, isLoss, state === 'connected')](fields, `connection ${state}`);
  });
  events.on('subscription:changed', ({ queue, state, error }) => {
    const chosen = level(`consumer ${queue}`, error !== undefined, state === 'consuming');
    logger[chosen]({ queue, state, ...shownError(error) }, `consumer ${state}`);
  });
}

/** What is lost so soon after a block was lost by it. */
const LOST_BY_BLOCK_MS = 2_000;

function skewText(clocks: ClockPair, aheadMs: number): string {
  const [first, second] = clocks.split('-').map((clock) => (clock === 'worker' ? 'this worker' : `the ${clock}`));
  const by = `${Math.abs(Math.round(aheadMs))} ms ${aheadMs < 0 ? 'behind' : 'ahead of'}`;
  return `the clock of ${first} is at least ${by} that of ${second}: keep clocks within a second of each other (NTP)`;
}

function causeOf(tasks: readonly TaskEvent[]): string {
  const names = [...new Set(tasks.map(({ task }) => task))].join(', ');
  if (tasks.length === 0) return 'no task ran; something else computed without an await, or the process slept';
  return tasks.length === 1
    ? `the handler of ${names} computes without an await, or the process slept`
    : `one of the handlers that ran computes without an await (${names}), or the process slept`;
}

/** Milliseconds since 1970 as people read them. */
const instant = (at: number): string => new Date(at).toISOString();

/** The error's own message is the `detail`: pino's `messageKey` may be `message`, and JSON would then have it twice. */
const shown = ({ name, message, code, stack, causes }: ThrownDescription): Record<string, unknown> => ({
  error: name,
  detail: message,
  ...(code === undefined ? {} : { code }),
  ...(causes === undefined ? {} : { causes }),
  ...(stack === undefined ? {} : { stack }),
});

const shownError = (error: Error | undefined): Record<string, unknown> =>
  error === undefined ? {} : shown(describeThrown(error));
