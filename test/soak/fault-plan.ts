import { between, shuffled } from './random';

export const FAULT_KINDS = [
  'worker killed',
  'worker terminated',
  'producer killed',
  'broker killed',
  'broker stopped',
  'broker suspended',
  'connections closed',
  'channel closed',
  'memory alarm',
  'disk alarm',
  'black hole',
  'half-open',
  'reset',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  /** Quiet before it, in milliseconds. */
  readonly pauseMs: number;
  /** How long it lasts, in milliseconds; 0 for what is over at once. */
  readonly holdMs: number;
  /** In [0, 1): which worker, producer, proxy or channel it hits. */
  readonly target: number;
}

/** How often a later deck holds a kind, and how long it lasts in milliseconds. What costs the broker a start is rarer. */
const FAULTS: Readonly<Record<FaultKind, { readonly count: number; readonly holdMs: readonly [number, number] }>> = {
  'worker killed': { count: 3, holdMs: [0, 0] },
  'worker terminated': { count: 2, holdMs: [0, 0] },
  'producer killed': { count: 2, holdMs: [0, 0] },
  'broker killed': { count: 1, holdMs: [0, 1_000] },
  'broker stopped': { count: 1, holdMs: [0, 1_000] },
  'broker suspended': { count: 1, holdMs: [1_000, 7_000] },
  'connections closed': { count: 2, holdMs: [0, 0] },
  'channel closed': { count: 3, holdMs: [0, 0] },
  'memory alarm': { count: 1, holdMs: [500, 3_000] },
  'disk alarm': { count: 1, holdMs: [500, 3_000] },
  'black hole': { count: 2, holdMs: [1_000, 7_000] },
  'half-open': { count: 2, holdMs: [1_000, 7_000] },
  reset: { count: 3, holdMs: [0, 0] },
};
const PAUSE_MS = [500, 2_500] as const;

/**
 * Faults without end, the same for the same random numbers. They come from shuffled decks. The first holds every kind
 * once, so that a run of a minute or so meets them all; the later ones hold every kind too, cheap ones more often.
 */
export function* planFaults(random: () => number): Generator<PlannedFault, never> {
  const laterDeck = FAULT_KINDS.flatMap((kind) => Array.from({ length: FAULTS[kind].count }, () => kind));
  for (let deck: readonly FaultKind[] = FAULT_KINDS; ; deck = laterDeck) {
    for (const kind of shuffled(random, deck)) {
      yield {
        kind,
        pauseMs: Math.round(between(random, ...PAUSE_MS)),
        holdMs: Math.round(between(random, ...FAULTS[kind].holdMs)),
        target: random(),
      };
    }
  }
}
