import type { OnPublishEnd } from '../../broker/broker';
import { type BagItem, NO_PLACE } from '../../collections/bag';
import type { PublishTarget } from '../../errors/enqueue-errors';
import type { OutgoingMessage } from '../../message/wire';
import { realElapsed } from '../../time/real-timers';

/** Called when a publication ends, before its sender is called. */
export type OnSettled = (publication: Publication, error?: Error) => void;

/**
 * One message between `publish` and its confirm. Up to 1,000 exist at once and survive minor garbage collections, so each stores
 * little and derives the rest.
 */
export class Publication implements BagItem {
  place = NO_PLACE;
  /** Set by a `basic.return`, which comes before the confirm. */
  returned: string | undefined = undefined;
  /** Its place in the order of sending. */
  turn = 0;
  /** It was in flight when the broker closed the channel and did not name the message that it refused. */
  suspect = false;
  /** By `performance.now()`. */
  readonly startedAt = realElapsed();

  constructor(
    readonly message: OutgoingMessage,
    readonly timeoutMs: number,
    private readonly onEnd: OnPublishEnd,
    private readonly onSettled: OnSettled,
    /** Whether the payload is in memory for another reason until the confirm, as that of a delivery is. */
    private readonly isHeld = false,
  ) {}

  /** Bytes of the payload that this publication keeps in memory; 0 where another owner keeps it. */
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

  /** Ends the publication. @param error - why it failed; absent when it was confirmed. */
  settle(error?: Error): void {
    this.onSettled(this, error);
    this.onEnd(error);
  }
}
