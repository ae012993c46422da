import { assertNever } from '../errors/assert-never';
import type { QueueType } from '../task/definition';

/** What stands on the broker while a queue moves to new arguments: all that a step is chosen by. */
export interface MigrationFacts {
  /** The queue: gone, with arguments that are to change (and of which type it is), or as planned. */
  readonly home:
    | { readonly kind: 'missing' | 'planned' }
    | { readonly kind: 'old'; readonly type: QueueType; readonly ready: number; readonly consumers: number };
  /** The queue that holds its messages meanwhile; `prepared`: this run has seen to its bindings. */
  readonly holding: { readonly ready: number; readonly prepared: boolean } | undefined;
  /** Whether anybody sends to the old queue, as far as this run has watched it since it last found or moved something. */
  readonly senders: 'unknown' | 'silent' | 'busy';
}

export type MigrationStep =
  /** Nothing to do: as planned, or never declared. */
  | { readonly kind: 'done' }
  /** Somebody consumes the queue: what they have not settled would go with it. */
  | { readonly kind: 'blocked'; readonly consumers: number }
  /** Somebody sends to the queue: RabbitMQ confirms what comes at the instant of its deletion, and drops it. */
  | { readonly kind: 'busy' }
  /** See whether anybody sends to it. */
  | { readonly kind: 'watch' }
  /** Declare the holding queue and lead the exchanges to it instead. */
  | { readonly kind: 'prepare-holding' }
  | { readonly kind: 'move-to-holding'; readonly messages: number }
  /** Delete the old queue, which is empty. Senders are refused from here to the next step. */
  | { readonly kind: 'delete-old'; readonly type: QueueType }
  /** Declare the queue as planned and lead the exchanges back to it. */
  | { readonly kind: 'declare-new' }
  | { readonly kind: 'move-home'; readonly messages: number }
  | { readonly kind: 'delete-holding' };

/**
 * The next step of a migration. Each step can be taken again, and the next one follows from what stands on the broker
 * alone: a run that was killed is continued by the next run, from wherever it came to.
 */
export function nextStep({ home, holding, senders }: MigrationFacts): MigrationStep {
  switch (home.kind) {
    case 'old':
      if (home.consumers > 0) return { kind: 'blocked', consumers: home.consumers };
      if (holding?.prepared !== true) return { kind: 'prepare-holding' };
      if (senders === 'busy') return { kind: 'busy' };
      // Before anything is moved, and again when all of it is.
      if (senders === 'unknown') return { kind: 'watch' };
      if (home.ready > 0) return { kind: 'move-to-holding', messages: home.ready };
      return { kind: 'delete-old', type: home.type };
    case 'missing':
      return { kind: holding === undefined ? 'done' : 'declare-new' };
    case 'planned':
      if (holding === undefined) return { kind: 'done' };
      // A run that was killed while it declared may have left bindings.
      if (!holding.prepared) return { kind: 'declare-new' };
      return holding.ready > 0 ? { kind: 'move-home', messages: holding.ready } : { kind: 'delete-holding' };
    default:
      return assertNever(home);
  }
}
