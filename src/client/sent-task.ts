import type { PayloadProblem } from '../errors/enqueue-errors';
import type { QueueType } from '../task/definition';

/** An encoded payload, or why there is none: it does not fit its contract, or breaks a limit (rule `limit`). */
export type EncodedPayload =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly problems: readonly PayloadProblem[] };

/** A task as a sender knows it, with everything that is made once for it. */
export interface SentTask {
  readonly name: string;
  readonly queue: string;
  readonly queueType: QueueType;
  /** Validates and encodes a payload. Answers at once wherever the contract allows. */
  readonly encode: (payload: unknown) => EncodedPayload | Promise<EncodedPayload>;
}
