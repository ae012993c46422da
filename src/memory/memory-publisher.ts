import type { BrokerEvents, OnPublishEnd, Publisher, PublishOptions } from '../broker/broker';
import { Fifo } from '../collections/fifo';
import { describeThrown } from '../errors/describe-thrown';
import {
  ConnectionClosedError,
  NackedError,
  PublishRefusedError,
  type PublishTarget,
  UnroutableError,
} from '../errors/enqueue-errors';
import type { OutgoingMessage } from '../message/wire';
import type { Timer } from '../time/clock';
import { realElapsed } from '../time/real-timers';
import { isTextArray, type StoredMessage, storeMessage } from './stored-message';
import type { VirtualHost } from './virtual-host';

/** How long a publish waits for a connection that is lost; the same as with RabbitMQ. */
const DEFAULT_TIMEOUT_MS = 15_000;
/** RabbitMQ's `max_message_size` since 4.0. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** The embedded broker knows one user, and `user_id` must name whoever publishes. */
const USER = 'guest';

interface Waiting {
  readonly timer: Timer;
  send(): void;
  fail(error: Error): void;
}

/** Publishes at once while connected; else in order as soon as the connection is back, or until the timeout. */
export class MemoryPublisher implements Publisher {
  readonly #waiting = new Fifo<Waiting>();
  #state: 'waiting' | 'connected' | 'closed' = 'waiting';

  constructor(
    private readonly vhost: VirtualHost,
    private readonly events: Pick<BrokerEvents, 'onPublished'>,
  ) {}

  async publish(message: OutgoingMessage, options?: PublishOptions): Promise<void> {
    const startedAt = realElapsed();
    try {
      await this.#publish(message, options);
    } catch (error) {
      this.events.onPublished?.(startedAt, error as Error);
      throw error;
    }
    this.events.onPublished?.(startedAt);
  }

  send(message: OutgoingMessage, options: PublishOptions | undefined, onEnd: OnPublishEnd): void {
    this.publish(message, options).then(() => onEnd(), onEnd);
  }

  async #publish(message: OutgoingMessage, options: PublishOptions | undefined): Promise<void> {
    const target = targetOf(message);
    const stored = encode(message, target);
    if (this.#state === 'waiting') await this.#connected(options?.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    if (this.#state === 'closed') throw new ConnectionClosedError('it was closed by this process');
    const queue = options?.requiredQueue;
    if (queue !== undefined && this.vhost.queue(queue) === undefined) {
      throw new UnroutableError({ ...target, exchange: '', routingKey: queue }, 'NO_QUEUE');
    }
    this.#send(stored, target);
  }

  connected(): void {
    this.#state = 'connected';
    for (const { timer, send } of this.#waiting.drain()) {
      timer.cancel();
      send();
    }
  }

  connectionLost(): void {
    if (this.#state === 'connected') this.#state = 'waiting';
  }

  close(): void {
    this.#state = 'closed';
    for (const { timer, fail } of this.#waiting.drain()) {
      timer.cancel();
      fail(new ConnectionClosedError('it was closed by this process before the message was sent'));
    }
  }

  #send(message: StoredMessage, target: PublishTarget): void {
    const outcome = this.vhost.publish(message);
    if (outcome === 'unroutable') throw new UnroutableError(target, 'NO_ROUTE');
    if (outcome === 'full') throw new NackedError(target);
    if (outcome === 'no-exchange') {
      throw new PublishRefusedError(target, 404, `NOT_FOUND - no exchange '${target.exchange}' in vhost '/'`);
    }
  }

  #connected(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        send: resolve,
        fail: reject,
        timer: this.vhost.clock.schedule(() => {
          this.#waiting.removeWhere((other) => other === waiting);
          reject(new ConnectionClosedError(`it is lost, and did not come back within ${timeoutMs} ms`));
        }, timeoutMs),
      };
      this.#waiting.push(waiting);
    });
  }
}

function targetOf({ exchange, routingKey, properties }: OutgoingMessage): PublishTarget {
  return { exchange, routingKey, messageId: properties.messageId };
}

/** @throws PublishRefusedError for what a client could not encode (code 0) or RabbitMQ would answer with a 406. */
function encode(message: OutgoingMessage, target: PublishTarget): StoredMessage {
  const objection = preconditionFailure(message);
  if (objection !== undefined) throw new PublishRefusedError(target, 406, `PRECONDITION_FAILED - ${objection}`);
  try {
    return storeMessage(message);
  } catch (error) {
    throw new PublishRefusedError(target, 0, `it cannot be encoded: ${describeThrown(error).message}`);
  }
}

function preconditionFailure({ body, properties }: OutgoingMessage): string | undefined {
  const { expiration, userId, headers = {} } = properties;
  if (body.length > MAX_MESSAGE_BYTES) {
    return `message size ${body.length} is larger than configured max size ${MAX_MESSAGE_BYTES}`;
  }
  if (userId !== undefined && userId !== USER) {
    return `user_id property set to '${userId}' but authenticated user was '${USER}'`;
  }
  if (expiration !== undefined && !/^\d+$/.test(expiration)) {
    return `invalid expiration '${expiration}': expected whole milliseconds as a decimal string`;
  }
  const wrong = ['CC', 'BCC'].find((name) => headers[name] !== undefined && !isTextArray(headers[name]));
  return wrong === undefined ? undefined : `the header ${wrong} must be an array of strings`;
}
