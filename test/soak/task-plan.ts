import { mixSeeds, seededRandom } from './random';

/** What a task of the soak does when it runs. */
export type TaskKind =
  | 'completes'
  | 'works'
  | 'fails-then-completes'
  | 'exhausts'
  | 'hangs-then-completes'
  | 'snoozes'
  | 'discards'
  | 'gives-up'
  | 'blocks'
  | 'crashes';

/** Where a task must end. */
export type Destiny = 'completed' | 'discarded' | 'dead-lettered';

export interface PlannedTask {
  readonly index: number;
  readonly kind: TaskKind;
  /** Attempts that fail before one completes, for `fails-then-completes`. */
  readonly failures: number;
  /** How long the handler takes, for `works` and `blocks`; milliseconds. */
  readonly workMs: number;
  /** Enqueued with this delay; 0 for none. */
  readonly delayMs: number;
}

export const SOAK_QUEUE = 'soak';
/** Deliveries that each worker may have outstanding; more than run, so that some wait when it is stopped or killed. */
export const PREFETCH = 40;
export const CONCURRENCY = 20;
export const MAX_ATTEMPTS = 3;
/** The wait between two attempts, without jitter: it bounds how often a task may run. */
export const RETRY_DELAY_MS = 500;
/** The timeout of tasks that hang, and what a task that snoozes asks for. */
export const HANG_TIMEOUT_MS = 300;
export const SNOOZE_MS = 750;

const ID_PREFIX = 'soak-';

/** Of 10,000 tasks. Rare ones stop a whole process: each crash costs its worker a start. */
const SHARES: readonly (readonly [TaskKind, number])[] = [
  ['crashes', 2],
  ['blocks', 5],
  ['hangs-then-completes', 40],
  ['exhausts', 150],
  ['gives-up', 100],
  ['discards', 150],
  ['snoozes', 150],
  ['fails-then-completes', 500],
  ['works', 1_500],
];

const DESTINIES: Partial<Record<TaskKind, Destiny>> = {
  discards: 'discarded',
  exhausts: 'dead-lettered',
  'gives-up': 'dead-lettered',
};

export const destinyOf = (kind: TaskKind): Destiny => DESTINIES[kind] ?? 'completed';

export const idOf = (index: number): string => `${ID_PREFIX}${index}`;

/** `undefined` for an id that is none of this soak's. */
export function indexOf(id: unknown): number | undefined {
  if (typeof id !== 'string' || !id.startsWith(ID_PREFIX)) return undefined;
  const index = Number(id.slice(ID_PREFIX.length));
  return Number.isInteger(index) && index >= 0 ? index : undefined;
}

/** What task `index` of a run with this seed does. */
export function planTask(seed: number, index: number): PlannedTask {
  const random = seededRandom(mixSeeds(seed, index));
  const kind = kindAt(random() * 10_000);
  const failures = kind === 'fails-then-completes' ? 1 + Math.floor(random() * (MAX_ATTEMPTS - 1)) : 0;
  const workMs =
    kind === 'works' ? 1 + Math.floor(random() * 30) : kind === 'blocks' ? 100 + Math.floor(random() * 200) : 0;
  const delayMs = random() < 0.03 ? 125 * (1 + Math.floor(random() * 16)) : 0;
  return { index, kind, failures, workMs, delayMs };
}

function kindAt(share: number): TaskKind {
  let upTo = 0;
  for (const [kind, size] of SHARES) {
    upTo += size;
    if (share < upTo) return kind;
  }
  return 'completes';
}
