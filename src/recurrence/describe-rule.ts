import type { Recurrence } from '../task/schedule';
import { formatDuration } from '../time/duration';

/** A rule in a few words: `0 3 * * * (Europe/Berlin)`, `every 5m`. */
export function describeRule({ rule }: Pick<Recurrence, 'rule'>): string {
  return rule.kind === 'every' ? `every ${formatDuration(rule.everyMs)}` : `${rule.cron} (${rule.timeZone})`;
}
