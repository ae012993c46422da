import { isDelayLevelName, SCHEDULES_QUEUE } from './names';
import type { Arguments, ExchangeSpec, QueueSpec } from './topology';

/**
 * The arguments that an earlier version of Warren declared this with, where they were others. A broker refuses to change
 * them, so a start accepts both; `doctor` and `topology diff` report the earlier ones.
 *
 * @see docs/decisions/018-alternate-exchanges-on-the-ladder.md
 */
export function formerArguments(kind: 'exchange' | 'queue', spec: ExchangeSpec | QueueSpec): Arguments | undefined {
  if (kind === 'exchange') return isDelayLevelName(spec.name) ? {} : undefined;
  if (spec.name !== SCHEDULES_QUEUE) return undefined;
  const { 'x-consumer-disconnected-timeout': _new, ...former } = spec.arguments;
  return former;
}
