import type { Delivery } from '../../broker/broker';
import { SECOND } from '../../time/duration';
import type { SoloTerms } from './solo-runs';
import { acquittalsOf, crashesBefore, MAX_ACQUITTALS } from './suspects';
import type { TrialStage } from './trial-marks';

/** What is done with a message of a queue of suspects. */
export type SuspectStep =
  /** It runs alone. Where that cannot be marked, a death that was counted is one over it, whatever stage it came in. */
  | { readonly kind: 'run'; readonly unlessUnmarked: boolean }
  /** It is published afresh, with that against it and for it, and runs again. */
  | { readonly kind: 'renew'; readonly crashes: number; readonly acquittals: number }
  /** No survivor within a while, and no other death: then it ends as `crash-loop`. */
  | { readonly kind: 'judge'; readonly crashes: number; readonly acquittals: number };

/** Deaths that the broker counts for one copy. A fresh one begins again, far below its delivery limit of 20. */
const MAX_COUNTED = 10;

/**
 * The last death counts if it came after the run had begun and while no other task ran in the process. Beside others, each
 * of them may have caused it. If another death comes while a worker waits for the verdict, workers die without this task,
 * too: then neither is held against it. Every renewal that follows a run costs an acquittal, so a task that kills its
 * process ends at most `maxCrashes + MAX_ACQUITTALS` processes.
 */
export function nextStep(delivery: Delivery, stage: TrialStage, maxCrashes: number): SuspectStep {
  const before = crashesBefore(delivery);
  const acquittals = acquittalsOf(delivery);
  const isWorn = delivery.deliveryCount >= MAX_COUNTED;
  if (stage === 'waiting') {
    if (isWorn) return { kind: 'renew', crashes: before, acquittals };
    return { kind: 'run', unlessUnmarked: delivery.deliveryCount > 0 && before + delivery.deliveryCount >= maxCrashes };
  }
  if (stage === 'beside' && acquittals < MAX_ACQUITTALS) {
    return { kind: 'renew', crashes: before, acquittals: acquittals + 1 };
  }
  const crashes = before + 1;
  if (crashes < maxCrashes) return { kind: 'renew', crashes, acquittals };
  if ((stage === 'judged' || isWorn) && acquittals < MAX_ACQUITTALS) {
    return { kind: 'renew', crashes: maxCrashes - 1, acquittals: acquittals + 1 };
  }
  return { kind: 'judge', crashes, acquittals };
}

const FIRST_HOLD_MS = 5 * SECOND;
/** Deliveries of home queues that wait may be out for a minute longer than their tasks take. */
const MAX_HOLD_MS = 40 * SECOND;

/**
 * How long other tasks of the process wait for a suspect. In its first run it does not wait for those that run: a death
 * beside them costs one process more, and most suspects are innocent. After each death that was none it gets twice the
 * time, so that one that kills its process late, or beside slow tasks, comes to a run alone.
 */
export function soloTerms(delivery: Delivery): SoloTerms {
  const acquittals = acquittalsOf(delivery);
  const holdMs = Math.min(FIRST_HOLD_MS * 2 ** acquittals, MAX_HOLD_MS);
  return { waitMs: acquittals === 0 ? 0 : holdMs / 2, holdMs };
}
