import type { OnPublishEnd } from '../../broker/broker';
import { type BagItem, NO_PLACE } from '../../collections/bag';
import type { PublishTarget } from '../../errors/enqueue-errors';
import type { OutgoingMessage } from '../../message/wire';
import { realElapsed } from '../../time/real-timers';

/** Told of each end before its sender is. */
export type OnSettled = (publication: Publication, error?: Error) => void;

/**
 * One message on its way. A thousand of them may be, and each collection of garbage copies what is alive: so it holds
 * little, and makes the rest when somebody asks.
 */
export class Publication implements BagItem {
  place = NO_PLACE;
  /** Set by a `basic.return`, which comes before the confirm. */
  returned: string | undefined = undefined;
  /** Its turn among those in flight. */
  turn = 0;
  /** Was in flight when the broker closed the channel without saying which message it objected to. */
  suspect = false;
  /** By `performance.now()`. */
  readonly startedAt = realElapsed();

  constructor(
    readonly message: OutgoingMessage,
    readonly timeoutMs: number,
    private readonly onEnd: OnPublishEnd,
    private readonly onSettled: OnSettled,
    /** Whether its payload is in memory anyway. */
    private readonly isHeld = false,
  ) {}

  /** Of its payload: what keeping it takes, nearly. None where it is kept anyway. */
  get bytes(): number {
    return this.isHeld ? 0 : this.message.body.length;
  }

  get target(): PublishTarget {
    const { exchange, routingKey, properties } = this.message;
    return { exchange, routingKey, messageId: properties.messageId };
  }

  /** By `performance.now()`. */
  get deadlineAt(): number {
    return this.startedAt + this.timeoutMs;
  }

  /** It was confirmed, or it failed. */
  settle(error?: Error): void {
    this.onSettled(this, error);
    this.onEnd(error);
  }
}
