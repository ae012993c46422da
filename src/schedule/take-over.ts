import type { Broker, Delivery } from '../broker/broker';
import type { Clock } from '../time/clock';
import { readScheduleMessage, type StateMark, stateMark } from './message-json';
import type { Presence } from './presence';
import { EMPTY_STATE, isNewer, type ScheduleState } from './state';
import { decodeState } from './state-json';
import { readView } from './view';

export interface TakeOverParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly worker: string;
  readonly presence: Presence;
  readonly newId: () => string;
}

export interface HeldMark {
  readonly mark: StateMark;
  readonly delivery: Delivery;
}

export type TakeOverStep =
  /** Nothing to do before the next delivery, or before `until`. */
  | { readonly kind: 'wait'; readonly until: number | undefined }
  /** A newer version of Warren has written the state. */
  | { readonly kind: 'newer-format'; readonly fence: number }
  | { readonly kind: 'taken'; readonly found: ScheduleState; readonly held: readonly HeldMark[] };

/** How long a state may be away of which there is a copy. It comes back when its last holder's channel ends. */
const ABSENT_STATE_MS = 5_000;

/**
 * Finds out what the last leader has left.
 *
 * Being served is not enough: what stood in the queue comes one message after the other. So the process says a word of
 * its own; when that comes back, everything before it has come. Then it takes the newest state. Where there is none,
 * nobody ever had schedules here, or the state is still on its way back from somebody whose consumer has been cancelled
 * and whose channel has not ended, or somebody has deleted it: the copy for readers tells the first from the others.
 */
export class TakeOver {
  readonly #nonce: string;
  #said = false;
  #absentUntil: number | undefined;
  #hasCopy = false;

  constructor(private readonly parts: TakeOverParts) {
    this.#nonce = parts.newId();
  }

  /** @param deliveries - everything that has come since this process is served. */
  async next(deliveries: readonly Delivery[]): Promise<TakeOverStep> {
    if (!this.#said) {
      this.#said = true;
      await this.parts.presence.say(this.#nonce);
    }
    if (!deliveries.some((delivery) => this.#isOwnWord(delivery))) return { kind: 'wait', until: undefined };
    const held = deliveries.flatMap((delivery) => {
      const mark = stateMark(delivery);
      return mark === undefined ? [] : [{ mark, delivery }];
    });
    const newest = held.reduce<HeldMark | undefined>(
      (best, each) => (best === undefined || isNewer(each.mark, best.mark) ? each : best),
      undefined,
    );
    if (newest === undefined) return this.#withoutState();
    const found = decodeState(newest.delivery.body);
    return found === undefined ? { kind: 'newer-format', fence: newest.mark.fence } : { kind: 'taken', found, held };
  }

  #isOwnWord(delivery: Delivery): boolean {
    if (stateMark(delivery) !== undefined) return false;
    const message = readScheduleMessage(delivery);
    return message?.kind === 'hello' && message.worker === this.parts.worker && message.nonce === this.#nonce;
  }

  async #withoutState(): Promise<TakeOverStep> {
    const { broker, clock } = this.parts;
    const now = clock.now();
    this.#absentUntil ??= now + ABSENT_STATE_MS;
    if (now < this.#absentUntil && this.#hasCopy) return { kind: 'wait', until: this.#absentUntil };
    const copy = await readView(broker);
    this.#hasCopy = copy !== 'none';
    if (copy === 'unreadable') return { kind: 'newer-format', fence: 0 };
    if (copy === 'none') return { kind: 'taken', found: EMPTY_STATE, held: [] };
    if (now < this.#absentUntil) return { kind: 'wait', until: this.#absentUntil };
    return { kind: 'taken', found: copy, held: [] };
  }
}
