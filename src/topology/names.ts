import { DELAY_PREFIX } from '../message/origin';
import { WARREN_PREFIX } from '../task/reserved-names';

const ALIBI_PREFIX = 'warren.alibi.';
/** The direct exchange that sorts dead letters by their home queue. */
export const DEAD_EXCHANGE = 'warren.dead';
/** The topic exchange by which senders put a delayed message on the ladder. */
export const DELAY_ENTER_EXCHANGE = `${DELAY_PREFIX}enter`;
/** The topic exchange below the ladder, which brings delayed messages home. */
export const DELAY_DELIVER_EXCHANGE = `${DELAY_PREFIX}deliver`;
/** The fanout exchange, and the queue, of delayed messages whose home queue is gone. */
export const DELAY_UNROUTED = `${DELAY_PREFIX}unrouted`;

/** The queue of a home queue's dead letters: `emails.dead`. */
export function deadQueueName(queue: string): string {
  return `${queue}.dead`;
}

/** Where letters stand between their dead-letter queue and their home queue while they are replayed: `emails.dead.replay`. */
export function replayQueueName(queue: string): string {
  return `${deadQueueName(queue)}.replay`;
}

/** The queue where tasks run alone whose worker died over them again and again: `emails.suspects`. */
export function suspectQueueName(queue: string): string {
  return `${queue}.suspects`;
}

/** The queue whose being there says that somebody survived a run of a suspect. */
export function alibiName(trial: string): string {
  return `${ALIBI_PREFIX}${trial}`;
}

/** The queue whose existence shows that the run of a suspect, or the wait for its verdict, has begun. */
export function trialMarkName(copy: string, stage: 'begun' | 'beside' | 'judged'): string {
  return `${ALIBI_PREFIX}${copy}.${stage}`;
}

/** The lock that the process holds which runs a suspect. */
export function lifelineName(trial: string): string {
  return `${ALIBI_PREFIX}${trial}.alive`;
}

/**
 * The exchange, and the queue, of one level of the delay ladder: `warren.delay.07`.
 *
 * @param level - 0 to 30.
 */
export function delayLevelName(level: number): string {
  return `${DELAY_PREFIX}${String(level).padStart(2, '0')}`;
}

/** The queue that holds what is known of schedules, and what changes it; whoever is served from it makes their ticks. */
export const SCHEDULES_QUEUE = 'warren.schedules';
/** The queue with the latest copy of what is known of schedules, for everybody to read. */
export const SCHEDULES_VIEW = `${SCHEDULES_QUEUE}.view`;

/** Whether only Warren itself may give this name to a queue or an exchange: every name that begins with `warren.`, also what is unused today. */
export function isReservedName(name: string): boolean {
  return name.startsWith(WARREN_PREFIX);
}

/** Whether this is the exchange, and the queue, of a level of the delay ladder. */
export function isDelayLevelName(name: string): boolean {
  return delayLevelOf(name) !== undefined;
}

/** The level of the delay ladder that has this name: 0 to 30. */
export function delayLevelOf(name: string): number | undefined {
  const [, digits] = /^warren\.delay\.(\d\d)$/.exec(name) ?? [];
  const level = Number(digits);
  return level <= 30 ? level : undefined;
}
