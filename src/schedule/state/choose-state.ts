import { joinedWithin } from './limits';
import type { ReceivedState } from './received';
import { isNewer, type ScheduleState } from './state';
import { decodeState, isOfNewerFormat } from './state-json';
import type { NoCopy, StateCopy } from './view';

/** Which of the states that were delivered counts. */
export type StateChoice =
  | { readonly kind: 'found'; readonly found: ScheduleState }
  /** A newer version of Warren has written it. */
  | { readonly kind: 'newer-format'; readonly fence: number }
  /** None of them counts. */
  | { readonly kind: 'none' };

/** A leader that dies while it writes leaves the queue and the copy so many states apart. */
const MAX_STATES_APART = 2;

/**
 * The state that the last leader has left. Anybody who may write to the queue may have written others beside it, so a
 * number alone proves nothing: the copy for readers tells which one the leader wrote. Where that does not help, a state
 * that a leader has held before counts more than one that nobody has.
 *
 * @param copy - the copy for readers.
 */
export function chooseState(states: readonly ReceivedState[], copy: StateCopy | NoCopy): StateChoice {
  const newestFirst = [...states].sort((a, b) => (isNewer(a.mark, b.mark) ? -1 : 1));
  if (typeof copy === 'string') return chooseWithoutCopy(newestFirst, copy);
  const { fence, seq } = copy.state;
  const same = newestFirst.find(({ delivery }) => delivery.body.equals(copy.body));
  if (same !== undefined) return { kind: 'found', found: copy.state };
  const beside = firstReadable(
    newestFirst.filter(({ mark }) => mark.fence === fence && Math.abs(mark.seq - seq) <= MAX_STATES_APART),
  );
  if (beside !== undefined) return { kind: 'found', found: beside };
  const before = heldBefore(newestFirst);
  if (before !== undefined) return { kind: 'found', found: before };
  const other = firstReadable(newestFirst);
  // Perhaps a later leader wrote it and its copy was overwritten, perhaps nobody: what both know is kept.
  return other === undefined ? { kind: 'none' } : { kind: 'found', found: withBoth(other, copy.state) };
}

function chooseWithoutCopy(newestFirst: readonly ReceivedState[], copy: NoCopy): StateChoice {
  const found = heldBefore(newestFirst) ?? firstReadable(newestFirst);
  const newer = newestFirst.find(({ delivery }) => isOfNewerFormat(delivery.body));
  if (newer !== undefined && (copy === 'newer' || found === undefined))
    return { kind: 'newer-format', fence: newer.mark.fence };
  return found === undefined ? { kind: 'none' } : { kind: 'found', found };
}

const heldBefore = (newestFirst: readonly ReceivedState[]): ScheduleState | undefined =>
  firstReadable(newestFirst.filter(({ delivery }) => delivery.redelivered));

function firstReadable(states: readonly ReceivedState[]): ScheduleState | undefined {
  for (const { mark, delivery } of states) {
    const state = decodeState(delivery.body);
    if (state !== undefined && state.fence === mark.fence && state.seq === mark.seq) return state;
  }
  return undefined;
}

function withBoth(found: ScheduleState, copied: ScheduleState): ScheduleState {
  const fence = Math.max(found.fence, copied.fence);
  return { ...joinedWithin(copied, found), fence };
}
