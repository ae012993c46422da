import type { Delivery } from '../../broker/broker';
import { helloNonce, readScheduleMessage, type StateMark, stateMark } from './message-json';
import type { ScheduleMessage } from './messages';

/** A delivery of a state: whose body is read when it counts. */
export interface ReceivedState {
  readonly mark: StateMark;
  readonly delivery: Delivery;
}

/** A delivery of anything else that Warren writes. */
export interface ReceivedMessage {
  readonly delivery: Delivery;
  /** `undefined`: only its nonce can be read. */
  readonly message: ScheduleMessage | undefined;
  /** The nonce of a hello. */
  readonly nonce: string | undefined;
}

/**
 * What has been delivered and not yet seen to, each delivery read once. What nobody here can have written is acknowledged
 * at once: there may be any number of such messages.
 */
export class Inbox {
  #states: ReceivedState[] = [];
  #messages: ReceivedMessage[] = [];

  get size(): number {
    return this.#states.length + this.#messages.length;
  }

  get states(): readonly ReceivedState[] {
    return this.#states;
  }

  get messages(): readonly ReceivedMessage[] {
    return this.#messages;
  }

  receive(delivery: Delivery): void {
    const mark = stateMark(delivery);
    if (mark !== undefined) {
      this.#states.push({ mark, delivery });
      return;
    }
    const nonce = helloNonce(delivery);
    const message = readScheduleMessage(delivery);
    if (message === undefined && nonce === undefined) delivery.ack();
    else this.#messages.push({ delivery, message, nonce });
  }

  /** Forgets what came on a channel that has ended: the broker delivers it again. */
  dropDead(): void {
    this.#states = this.#states.filter(({ delivery }) => delivery.live);
    this.#messages = this.#messages.filter(({ delivery }) => delivery.live);
  }

  dropStates(states: readonly ReceivedState[]): void {
    const dropped = new Set(states);
    this.#states = this.#states.filter((state) => !dropped.has(state));
  }

  takeStates(): readonly ReceivedState[] {
    return this.#states.splice(0);
  }

  /** The oldest messages, at most so many. */
  takeMessages(limit: number): readonly ReceivedMessage[] {
    return this.#messages.splice(0, limit);
  }

  /** Puts messages back before all others. */
  putBack(messages: readonly ReceivedMessage[]): void {
    this.#messages = [...messages, ...this.#messages];
  }
}
