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
  /** Call again after the next delivery, or at `until`. */
  | { readonly kind: 'wait'; readonly until: number | undefined }
  /** A newer version of Warren has written the state. */
  | { readonly kind: 'newer-format'; readonly fence: number }
  | { readonly kind: 'taken'; readonly founding: Founding };

/**
 * How long to wait for a state that is known from its copy. The state returns to the queue when the channel of the last leader
 * ends.
 */
const ABSENT_STATE_MS = 5_000;
/** A reader takes the copy out of its queue for some milliseconds. It is looked for so often. */
const MAX_LOOKS = 20;
const LOOK_AGAIN_MS = 10;

/**
 * Finds the newest state when this process becomes the active consumer of the queue of schedules.
 *
 * 1. The messages of the queue arrive one after the other. So this process publishes a hello with a nonce. When that hello is
 *    delivered, everything before it has been delivered, too.
 * 2. If more messages stand before the hello than one consumer can hold, step 1 ends when the prefetch is nearly used up. The
 *    states that the last leader held are among the first: a returned message goes to the front of a queue.
 * 3. The newest state is taken.
 * 4. If there is no state, the copy for readers tells why. No copy: there have never been schedules here. A copy: either the
 *    state is still held by a cancelled consumer whose channel has not ended, or somebody has deleted it.
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
   * @param inbox - every message that was delivered since this process became the active consumer.
   * @param isFull - whether the prefetch is nearly used up: no more comes before something is acknowledged.
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

  /** `hidden`: the copy for readers is needed, and a reader may have taken it out of its queue at this moment. */
  async #choose(states: readonly ReceivedState[]): Promise<StateChoice | 'hidden'> {
    const [only] = states;
    if (only === undefined) return { kind: 'none' };
    // The usual case: one state, which was delivered to a leader before.
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
      // Its queue was deleted. The next worker that starts declares it again.
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
