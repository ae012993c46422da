import type { LedgerEntry } from './ledger-lines';

/** One time that a handler was entered. */
export interface Run {
  /** Whose handler. */
  readonly slot: string;
  readonly attempt: number;
  readonly at: number;
}

const SENT = 1;
const CONFIRMED = 2;
const COMPLETED = 4;
const DISCARDED = 8;
const SPENT = 16;
const ENDED = COMPLETED | DISCARDED | SPENT;

/** What the ledgers of all processes say, put together. Counts are of different tasks unless they say otherwise. */
export class Ledger {
  sent = 0;
  confirmed = 0;
  completed = 0;
  discarded = 0;
  /** Tasks that are completed, discarded or spent. */
  ended = 0;
  /** Tasks whose last attempt failed, or that gave up: they belong into the dead-letter queue. */
  spent = 0;
  /** Times that an `enqueue` rejected. */
  rejections = 0;
  /** Times that a handler killed its process. */
  crashes = 0;
  /** Publishes whose confirm was lost, at most: each may have been stored twice. */
  doubtfulPublishes = 0;
  readonly #flags: Uint8Array;
  readonly #runs = new Map<number, Run[]>();
  readonly #lostDeliveries = new Map<string, number>();
  readonly #snoozes = new Map<number, number>();
  readonly #completions = new Map<string, number[]>();
  readonly #lastCompletions = new Map<string, number>();

  constructor(
    readonly tasks: number,
    private readonly maxAttempts: number,
  ) {
    this.#flags = new Uint8Array(tasks);
  }

  take(slot: string, entry: LedgerEntry): void {
    switch (entry.kind) {
      case 'sent':
        if (this.#mark(entry.index, SENT)) this.sent++;
        return;
      case 'confirmed':
        if (this.#mark(entry.index, CONFIRMED)) this.confirmed++;
        return;
      case 'rejected':
        this.rejections++;
        return;
      case 'begun':
        this.#begun(slot, entry);
        return;
      case 'ended':
        this.#ended(slot, entry);
        return;
      case 'crashing':
        this.crashes++;
        return;
      case 'lost':
        this.#lost(slot, entry);
    }
  }

  isConfirmed = (index: number): boolean => this.#has(index, CONFIRMED);
  isCompleted = (index: number): boolean => this.#has(index, COMPLETED);
  isDiscarded = (index: number): boolean => this.#has(index, DISCARDED);
  isSpent = (index: number): boolean => this.#has(index, SPENT);

  /** Every time that the task was run, in order. */
  runsOf(index: number): readonly Run[] {
    return (this.#runs.get(index) ?? []).toSorted((a, b) => a.at - b.at);
  }

  /** How often it ended by asking to come back with the same attempt. */
  snoozesOf(index: number): number {
    return this.#snoozes.get(index) ?? 0;
  }

  /** Deliveries that a slot's processes had in hand when they lost them, at most: each may run again. */
  lostDeliveriesOf(slot: string): number {
    return this.#lostDeliveries.get(slot) ?? 0;
  }

  /** The first tasks that have not ended. */
  notEnded(atMost: number): readonly number[] {
    const missing: number[] = [];
    for (let index = 0; index < this.tasks && missing.length < atMost; index++)
      if (!this.#has(index, ENDED)) missing.push(index);
    return missing;
  }

  /** When a slot's processes completed tasks, in order; milliseconds since 1970. */
  completionsOf(slot: string): readonly number[] {
    return (this.#completions.get(slot) ?? []).toSorted((a, b) => a - b);
  }

  /** When any of a slot's processes last completed a task; 0 for never. */
  lastCompletionOf(slot: string): number {
    return this.#lastCompletions.get(slot) ?? 0;
  }

  #begun(slot: string, { index, attempt, at }: LedgerEntry & { kind: 'begun' }): void {
    const runs = this.#runs.get(index);
    if (runs === undefined) this.#runs.set(index, [{ slot, attempt, at }]);
    else runs.push({ slot, attempt, at });
  }

  #ended(slot: string, { index, at, attempt, outcome }: LedgerEntry & { kind: 'ended' }): void {
    switch (outcome) {
      case 'completed': {
        if (this.#end(index, COMPLETED)) this.completed++;
        const completions = this.#completions.get(slot);
        if (completions === undefined) this.#completions.set(slot, [at]);
        else completions.push(at);
        this.#lastCompletions.set(slot, Math.max(at, this.lastCompletionOf(slot)));
        return;
      }
      case 'discarded':
        if (this.#end(index, DISCARDED)) this.discarded++;
        return;
      case 'snoozed':
        this.#snoozes.set(index, this.snoozesOf(index) + 1);
        return;
      case 'gave-up':
        if (this.#end(index, SPENT)) this.spent++;
        return;
      case 'failed':
        if (attempt >= this.maxAttempts && this.#end(index, SPENT)) this.spent++;
    }
  }

  #lost(slot: string, { what, atMost }: LedgerEntry & { kind: 'lost' }): void {
    if (what === 'confirms') this.doubtfulPublishes += atMost;
    else this.#lostDeliveries.set(slot, this.lostDeliveriesOf(slot) + atMost);
  }

  /** @returns whether this is new. */
  #end(index: number, flag: number): boolean {
    if (!this.#has(index, ENDED)) this.ended++;
    return this.#mark(index, flag);
  }

  #has(index: number, flag: number): boolean {
    return ((this.#flags[index] ?? 0) & flag) !== 0;
  }

  /** @returns whether this is new. */
  #mark(index: number, flag: number): boolean {
    const flags = this.#flags[index];
    if (flags === undefined) throw new Error(`the ledger names task ${index}, and there are only ${this.tasks}`);
    if ((flags & flag) !== 0) return false;
    this.#flags[index] = flags | flag;
    return true;
  }
}
