import { Ledger } from '../../soak/ledger';
import type { HandlerOutcome } from '../../soak/ledger-lines';
import { MAX_ATTEMPTS } from '../../soak/task-plan';

/** Tells a ledger what happened to a few tasks, one word at a time. */
export class Story {
  readonly ledger: Ledger;
  #at = 1_000;

  constructor(tasks: number) {
    this.ledger = new Ledger(tasks, MAX_ATTEMPTS);
  }

  confirmed(index: number): this {
    this.ledger.take('producer-1', { kind: 'sent', index, at: this.#at });
    this.ledger.take('producer-1', { kind: 'confirmed', index, at: this.#at });
    return this;
  }

  begun(index: number, slot = 'worker-1', attempt = 1): this {
    this.ledger.take(slot, { kind: 'begun', index, attempt, at: this.#at });
    return this;
  }

  ran(index: number, outcome: HandlerOutcome, slot = 'worker-1', attempt = 1): this {
    this.begun(index, slot, attempt);
    this.ledger.take(slot, { kind: 'ended', index, attempt, outcome, at: this.#at });
    return this;
  }

  lost(what: 'deliveries' | 'confirms', atMost: number, slot = 'worker-1'): this {
    this.ledger.take(slot, { kind: 'lost', what, atMost, at: this.#at });
    return this;
  }

  later(ms: number): this {
    this.#at += ms;
    return this;
  }
}
