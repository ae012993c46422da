import type { PayloadProblem } from '../../errors/enqueue-errors';
import type { JsonLimits } from '../json-budget';

/** A payload as the handler gets it, or what is wrong with it. */
export type PayloadResult =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly problems: readonly PayloadProblem[] };

/** What is made once for each task and used for each message. Neither function throws or rejects. */
export interface PayloadCheck {
  /**
   * Checks a value of JSON's kinds (a decoded body, or what `toWire` gave) and makes the handler's payload of it: an
   * instance of the payload's class. A promise only when one of the class's validators gave one.
   *
   * A validator that threw is a problem with the rule `validator`: the payload's fault or its own, nobody knows.
   */
  check(value: unknown): PayloadResult | Promise<PayloadResult>;
  /** What a sender's payload looks like on the wire, ready for `check` and for the codec. */
  toWire(payload: unknown): PayloadResult;
}

export interface PayloadCheckOptions {
  /**
   * Keys that the payload's class does not know: `refuse` them where the payload is written (a typing error, or data
   * that nobody will read), `drop` them where it is read (a newer sender).
   */
  readonly unknownKeys: 'drop' | 'refuse';
  /** @defaultValue `DEFAULT_JSON_LIMITS` */
  readonly limits?: JsonLimits;
}
