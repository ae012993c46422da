import type { OnPublishEnd, Publisher, PublishOptions } from '../../broker/broker';
import {
  BrokerBlockedError,
  ConnectionClosedError,
  type PublishTarget,
  PublishTimeoutError,
  TooManyWaitingError,
} from '../../errors/enqueue-errors';
import type { OutgoingMessage } from '../../message/wire';
import { realElapsed } from '../../time/real-timers';
import type { AmqpConnection } from '../connect/connection';
import { type OnSettled, Publication } from './publication';
import { PublishLane, type PublishLaneHooks } from './publish-lane';
import { QueueLookups } from './queue-lookups';

export interface AmqpPublisherOptions extends Omit<PublishLaneHooks, 'refuseToWait'> {
  /** Unconfirmed messages on one channel; more wait for their turn. */
  readonly maxInFlight: number;
  /** How many may wait, on both channels together; one more is refused. */
  readonly maxWaiting: number;
  /** Bytes of the payloads in flight and waiting, on both channels together; what comes on top is refused. */
  readonly maxPendingBytes: number;
  readonly timeoutMs: number;
  /** Whether plain messages take the short way past amqplib. */
  readonly fastPath: boolean;
  /** Told of each end, with when the publish began by `performance.now()`. */
  readonly onPublished?: ((startedAt: number, error?: Error) => void) | undefined;
}

const SWEEP_MS = 100;

/**
 * Publishes through two confirm channels of one connection: one for the default exchange, which cannot be missing,
 * and one for named exchanges, where a 404 closes the channel. Waits out a lost connection within the timeout.
 */
export class AmqpPublisher implements Publisher {
  readonly #toQueues: PublishLane;
  readonly #toExchanges: PublishLane;
  readonly #lookups: QueueLookups;
  #sweep: NodeJS.Timeout | undefined;
  #closed = false;
  /** Of the payloads that are in flight or wait. */
  #pendingBytes = 0;

  constructor(
    private readonly connection: AmqpConnection,
    private readonly options: AmqpPublisherOptions,
  ) {
    const hooks = { ...options, refuseToWait: (target: PublishTarget) => this.#refuseToWait(target) };
    this.#toQueues = new PublishLane(options.maxInFlight, options.fastPath, hooks);
    this.#toExchanges = new PublishLane(options.maxInFlight, options.fastPath, hooks);
    this.#lookups = new QueueLookups({
      send: (publication) => this.#laneOf(publication.message).publish(publication),
      onMissing: ({ target }) => options.onUnroutable(target),
    });
    connection.listen({
      onUp: (model) => {
        this.#lanes((lane) => lane.connected(model));
        this.#lookups.connected(model);
      },
      onDown: () => {
        this.#lanes((lane) => lane.disconnected());
        this.#lookups.disconnected();
      },
      onBlocked: (reason) => this.#lanes((lane) => lane.pause(reason !== undefined)),
    });
  }

  publish(message: OutgoingMessage, options?: PublishOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.send(message, options, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  send(message: OutgoingMessage, options: PublishOptions | undefined, onEnd: OnPublishEnd): void {
    if (this.#closed) {
      onEnd(new ConnectionClosedError('it was closed by this process'));
      return;
    }
    const timeoutMs = options?.timeoutMs ?? this.options.timeoutMs;
    const queue = options?.requiredQueue;
    const publication = new Publication(message, timeoutMs, onEnd, this.#onSettled, options?.isHeld);
    this.#pendingBytes += publication.bytes;
    const refusal = this.#refuseToKeep(publication);
    if (refusal !== undefined) publication.settle(refusal);
    else if (queue === undefined || this.#lookups.isThere(queue)) this.#laneOf(message).publish(publication);
    else this.#lookUpBefore(publication, queue);
    this.#sweep ??= setTimeout(() => this.#expire(), SWEEP_MS);
  }

  /** Ends what is on its way. Call it before the connection is closed. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#sweep);
    const closed = (): Error => new ConnectionClosedError('it was closed by this process before the confirm came');
    this.#lookups.failAll(closed);
    this.#lanes((lane) => lane.failAll(closed));
  }

  readonly #onSettled: OnSettled = (publication, error) => {
    this.#pendingBytes -= publication.bytes;
    this.options.onPublished?.(publication.startedAt, error);
  };

  #laneOf({ exchange }: OutgoingMessage): PublishLane {
    return exchange === '' ? this.#toQueues : this.#toExchanges;
  }

  /** As many may be held while their queue is looked for as would be in flight otherwise. */
  #lookUpBefore(publication: Publication, queue: string): void {
    const hasRoom = this.connection.model !== undefined && this.#lookups.size < this.options.maxInFlight;
    const refusal = hasRoom ? undefined : this.#refuseToWait(publication.target);
    if (refusal === undefined) this.#lookups.hold(queue, publication);
    else publication.settle(refusal);
  }

  #lanes(act: (lane: PublishLane) => void): void {
    act(this.#toQueues);
    act(this.#toExchanges);
  }

  #refuseToWait(target: PublishTarget): Error | undefined {
    const { maxWaiting } = this.options;
    if (this.#toQueues.waiting + this.#toExchanges.waiting + this.#lookups.size < maxWaiting) return undefined;
    return new TooManyWaitingError(target, { maxWaiting }, this.#whyTheyWait());
  }

  #refuseToKeep({ target, bytes }: Publication): Error | undefined {
    const { maxPendingBytes } = this.options;
    if (this.#pendingBytes <= maxPendingBytes || bytes === 0) return undefined;
    if (bytes > maxPendingBytes) return new TooManyWaitingError(target, { maxPendingBytes }, '', bytes);
    return new TooManyWaitingError(target, { maxPendingBytes }, this.#whyTheyWait());
  }

  #whyTheyWait(): string {
    const { blocked, model } = this.connection;
    if (blocked !== undefined) return `the broker blocks publishers (${blocked})`;
    return model === undefined ? 'the connection is lost' : 'the broker confirms more slowly than they come';
  }

  /** One timer for all that is on its way: a timer a message would cost more than the message. */
  #expire(): void {
    const now = realElapsed();
    this.#lookups.expire(now, (publication) => this.#lateError(publication, false));
    this.#lanes((lane) => lane.expire(now, (publication, sent) => this.#lateError(publication, sent)));
    const busy = this.#toQueues.size + this.#toExchanges.size + this.#lookups.size > 0;
    this.#sweep = busy ? setTimeout(() => this.#expire(), SWEEP_MS) : undefined;
  }

  #lateError(publication: Publication, sent: boolean): Error {
    const { target, timeoutMs } = publication;
    if (this.connection.blocked !== undefined) return new BrokerBlockedError(target, this.connection.blocked, sent);
    if (this.connection.model !== undefined || sent) return new PublishTimeoutError(target, timeoutMs);
    const cause = this.connection.lastError;
    return new ConnectionClosedError(
      `it is lost, and did not come back within ${timeoutMs} ms${cause === undefined ? '' : ` (${cause.message})`}`,
    );
  }
}
