import type { Broker } from '../../broker/broker';
import { QueueMissingError } from '../../errors/broker-errors';
import type { Clock } from '../../time/clock';
import { chooseState, type StateChoice } from '../state/choose-state';
import type { Inbox, ReceivedState } from '../state/received';
import { EMPTY_STATE } from '../state/state';
import { decodeState } from '../state/state-json';
import { type NoCopy, readCopy, type StateCopy } from '../state/view';
import type { Founding } from './leadership';
import type { Presence } from './presence';

export interface TakeOverParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly presence: Presence;
  readonly newId: () => string;
}

export type TakeOverStep =
  /** Nothing to do before the next delivery, or before `until`. */
  | { readonly kind: 'wait'; readonly until: number | undefined }
  /** A newer version of Warren has written the state. */
  | { readonly kind: 'newer-format'; readonly fence: number }
  | { readonly kind: 'taken'; readonly founding: Founding };

/** How long a state may be away of which there is a copy. It comes back when its last holder's channel ends. */
const ABSENT_STATE_MS = 5_000;
/** Whoever looks at the copy for readers hides it for milliseconds. */
const MAX_LOOKS = 20;
const LOOK_AGAIN_MS = 10;

/**
 * Finds out what the last leader has left.
 *
 * Being served is not enough: what stood in the queue comes one message after the other. So the process says a word of
 * its own; when that comes back, everything before it has come. Where more stood before it than one consumer can hold, the
 * take-over ends when no more can come: what the last leader held has come first. Then it takes the newest state. Where
 * there is none, nobody ever had schedules here, or the state is still on its way back from somebody whose consumer has
 * been cancelled and whose channel has not ended, or somebody has deleted it: the copy for readers tells the first from
 * the others.
 *
 * @see docs/decisions/009-schedules-live-in-a-queue.md
 */
export class TakeOver {
  readonly #nonce: string;
  #said = false;
  #absentUntil: number | undefined;
  #hasCopy = false;
  #looks = 0;

  constructor(private readonly parts: TakeOverParts) {
    this.#nonce = parts.newId();
  }

  /**
   * @param inbox - everything that has come since this process is served.
   * @param isFull - whether no more can come before something is acknowledged.
   */
  async next(inbox: Inbox, isFull: boolean): Promise<TakeOverStep> {
    if (!this.#said) {
      this.#said = true;
      await this.parts.presence.say(this.#nonce);
    }
    const hasAllCome = inbox.messages.some(({ nonce }) => nonce === this.#nonce);
    if (!hasAllCome && !isFull) return { kind: 'wait', until: undefined };
    const states = [...inbox.states];
    const choice = await this.#choose(states);
    if (choice === 'hidden') return { kind: 'wait', until: this.parts.clock.now() + LOOK_AGAIN_MS };
    if (choice.kind === 'newer-format') return choice;
    if (choice.kind === 'none') return this.#withoutState(states);
    const founding = { found: choice.found, held: states, isCertain: hasAllCome };
    return { kind: 'taken', founding };
  }

  /** `hidden`: the copy for readers is needed, and somebody may be looking at it. */
  async #choose(states: readonly ReceivedState[]): Promise<StateChoice | 'hidden'> {
    const [only] = states;
    if (only === undefined) return { kind: 'none' };
    // The usual case: one state, and a leader has held it.
    const isUsual = states.length === 1 && only.delivery.redelivered;
    const found = isUsual ? decodeState(only.delivery.body) : undefined;
    if (found !== undefined) return { kind: 'found', found };
    const copy = await this.#copy();
    return copy === 'none' && this.#looks++ < MAX_LOOKS ? 'hidden' : chooseState(states, copy);
  }

  async #copy(): Promise<StateCopy | NoCopy> {
    try {
      return await readCopy(this.parts.broker);
    } catch (error) {
      // Somebody has deleted it: the next state declares nothing, but the next worker does.
      if (error instanceof QueueMissingError) return 'none';
      throw error;
    }
  }

  async #withoutState(held: readonly ReceivedState[]): Promise<TakeOverStep> {
    const { broker, clock } = this.parts;
    const now = clock.now();
    this.#absentUntil ??= now + ABSENT_STATE_MS;
    if (now < this.#absentUntil && this.#hasCopy) return { kind: 'wait', until: this.#absentUntil };
    const copy = await readCopy(broker);
    this.#hasCopy = typeof copy !== 'string';
    if (copy === 'newer') return { kind: 'newer-format', fence: 0 };
    if (typeof copy === 'string') return { kind: 'taken', founding: { found: EMPTY_STATE, held, isCertain: false } };
    if (now < this.#absentUntil) return { kind: 'wait', until: this.#absentUntil };
    return { kind: 'taken', founding: { found: copy.state, held, isCertain: false } };
  }
}
