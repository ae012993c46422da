import { type ChannelModel, type ConfirmChannel, IllegalOperationError, type Message } from 'amqplib';
import { Bag } from '../../collections/bag';
import { Fifo } from '../../collections/fifo';
import { describeThrown } from '../../errors/describe-thrown';
import { NackedError, PublishRefusedError, type PublishTarget, UnroutableError } from '../../errors/enqueue-errors';
import { realElapsed } from '../../time/real-timers';
import { closeChannel, openConfirmChannel } from '../connect/channels';
import { channelFailure, exchangeNamedIn } from '../connect/error-mapping';
import { ConfirmWriter } from '../fast-path/confirm-writer';
import { findReturned } from './find-returned';
import type { Publication } from './publication';

export interface PublishLaneHooks {
  /** The broker closed a channel over a publish; AMQP's reply code. */
  onRefused(code: number): void;
  /** Whether one more may wait. Asked only when there is no room in flight; @returns why not. */
  refuseToWait(target: PublishTarget): Error | undefined;
  /** A message reached no queue. */
  onUnroutable(target: PublishTarget): void;
}

const NO_REPLY = Object.freeze({ code: 0, text: 'channel closed' });
/** Delay before a channel is opened again after the broker closed it. */
const REOPEN_DELAY_MS = 50;
/** A queue that only refuses for so long makes the lane replace its channel. */
const REFUSED_MS = 1_000;
/** Pause between two replacements of a channel: a full queue refuses rightly, for as long as it is full. */
const RETIRE_PAUSE_MS = 5_000;
/** To replace a channel, new messages wait until nothing is in flight, but no longer than this. */
const DRAIN_MS = 250;

/**
 * One confirm channel and the messages that go through it, in order.
 *
 * closed → opening → open → (the broker closes the channel) → opening …; a lost connection leads to closed.
 *
 * After a loss, messages that were in flight are published again, with the same message id. If the broker closes the channel
 * because of one message (missing exchange, no permission, too large), only that message fails. The broker's reply names its
 * exchange; otherwise the messages in flight are sent again one at a time to find it.
 *
 * RabbitMQ 3.10 can refuse every message of a channel that was opened while the leader of the queue was dead, long after a new
 * leader is there. So a channel on which a queue only refuses is replaced when nothing is in flight.
 */
export class PublishLane {
  #model: ChannelModel | undefined;
  /** The writer of the open channel. */
  #writer: ConfirmWriter | undefined;
  #channel: ConfirmChannel | undefined;
  /** Addresses of queues that only refuse → since when, by `performance.now()`. */
  readonly #refusing = new Map<string, number>();
  /** While set, nothing is sent; the channel is replaced if nothing is in flight before this time (`performance.now()`). */
  #retiringUntil: number | undefined;
  #mayRetireAt = 0;
  #reopen: NodeJS.Timeout | undefined;
  #paused = false;
  /** A message that may have closed the channel is sent alone. */
  #suspectInFlight = false;
  #failure = NO_REPLY as { readonly code: number; readonly text: string };
  readonly #waiting = new Fifo<Publication>();
  readonly #inFlight = new Bag<Publication>();
  #turn = 0;

  constructor(
    private readonly maxInFlight: number,
    private readonly fastPath: boolean,
    private readonly hooks: PublishLaneHooks,
  ) {}

  get waiting(): number {
    return this.#waiting.length;
  }

  get size(): number {
    return this.#waiting.length + this.#inFlight.size;
  }

  publish(publication: Publication): void {
    // Nearly always nothing waits and there is room.
    if (this.#waiting.length === 0 && this.#writer !== undefined && this.#hasRoomFor(publication)) {
      this.#send(this.#writer, publication);
      return;
    }
    const refusal = this.hooks.refuseToWait(publication.target);
    if (refusal === undefined) {
      this.#waiting.push(publication);
      this.#pump();
    } else publication.settle(refusal);
  }

  connected(model: ChannelModel): void {
    this.#model = model;
    this.#open(model);
  }

  disconnected(): void {
    this.#model = undefined;
    // A block ends with its connection. The next one is told only when it publishes, so waiting for that would never end.
    this.#paused = false;
    clearTimeout(this.#reopen);
    this.#channelLost(this.#writer);
  }

  /** Holds messages back while the broker blocks publishers. */
  pause(paused: boolean): void {
    this.#paused = paused;
    this.#pump();
  }

  /** Ends every message whose deadline has passed. One that is in flight may still arrive: its outcome is unknown. */
  expire(now: number, error: (publication: Publication, sent: boolean) => Error): void {
    for (const late of this.#waiting.removeWhere((p) => p.deadlineAt <= now)) late.settle(error(late, false));
    for (const publication of this.#inFlight) {
      // The end of one may have ended others, which are not in flight any more.
      if (publication.deadlineAt > now || !this.#inFlight.remove(publication)) continue;
      publication.settle(error(publication, true));
    }
    if (this.#retiringUntil !== undefined && this.#retiringUntil <= now) this.#retiringUntil = undefined;
    this.#pump();
  }

  /** Ends everything that is on its way. */
  failAll(error: (publication: Publication) => Error): void {
    for (const publication of [...this.#inFlightInTurn(), ...this.#waiting.drain()])
      publication.settle(error(publication));
  }

  /** Takes out all that is in flight, in the order it was sent. */
  #inFlightInTurn(): readonly Publication[] {
    return this.#inFlight.drain().toSorted((a, b) => a.turn - b.turn);
  }

  #open(model: ChannelModel): void {
    openConfirmChannel(model).then(
      (channel) => this.#opened(model, channel),
      () => this.#openLater(model),
    );
  }

  #openLater(model: ChannelModel): void {
    if (this.#model !== model) return;
    clearTimeout(this.#reopen);
    this.#reopen = setTimeout(() => this.#open(model), REOPEN_DELAY_MS);
  }

  #opened(model: ChannelModel, channel: ConfirmChannel): void {
    channel.on('error', (error: unknown) => {
      if (this.#channel === channel) this.#failure = channelFailure(error);
    });
    if (this.#model !== model) return;
    const writer = new ConfirmWriter(channel, this.fastPath);
    this.#writer = writer;
    this.#channel = channel;
    this.#failure = NO_REPLY;
    channel.on('return', (message) => this.#returned(message));
    channel.on('close', () => {
      // One that was given up has a successor.
      if (this.#writer !== writer) return;
      this.#channelLost(writer);
      this.#openLater(model);
    });
    this.#pump();
  }

  #pump(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    for (let next = this.#waiting.peek(); next !== undefined && this.#hasRoomFor(next); next = this.#waiting.peek()) {
      this.#waiting.shift();
      this.#send(writer, next);
      if (this.#writer !== writer) return;
    }
  }

  #hasRoomFor(publication: Publication): boolean {
    if (this.#paused || this.#retiringUntil !== undefined) return false;
    if (this.#inFlight.size === 0) return true;
    return this.#inFlight.size < this.maxInFlight && !publication.suspect && !this.#suspectInFlight;
  }

  #send(writer: ConfirmWriter, publication: Publication): void {
    publication.turn = this.#turn++;
    this.#inFlight.add(publication);
    this.#suspectInFlight = publication.suspect;
    try {
      writer.publish(publication.message, (error) => this.#confirmed(publication, error));
    } catch (error) {
      if (error instanceof IllegalOperationError) {
        this.#closedUnannounced(writer);
        return;
      }
      if (!this.#inFlight.remove(publication)) return;
      publication.settle(
        new PublishRefusedError(publication.target, 0, `it cannot be encoded: ${describeThrown(error).message}`),
      );
    }
  }

  /** amqplib refuses to write on a channel that has closed and has not emitted that yet: everything in flight waits for the next one. */
  #closedUnannounced(writer: ConfirmWriter): void {
    const model = this.#model;
    this.#channelLost(writer);
    if (model !== undefined) this.#openLater(model);
  }

  #confirmed(publication: Publication, error: unknown): void {
    // Lost with its channel, or too late: somebody else has taken care of it.
    if (this.#writer === undefined || (error !== null && describeThrown(error).message === 'channel closed')) return;
    if (!this.#inFlight.remove(publication)) return;
    if (error === null) this.#accepted(publication);
    else this.#refused(publication);
    if (publication.returned !== undefined) {
      publication.settle(new UnroutableError(publication.target, publication.returned));
      this.hooks.onUnroutable(publication.target);
    } else publication.settle(error === null ? undefined : new NackedError(publication.target));
    if (this.#retiringUntil !== undefined && this.#inFlight.size === 0) this.#retire();
    this.#pump();
  }

  #accepted(publication: Publication): void {
    if (this.#refusing.size > 0) this.#refusing.delete(addressOf(publication));
  }

  #refused(publication: Publication): void {
    const now = realElapsed();
    const address = addressOf(publication);
    const since = this.#refusing.get(address) ?? now;
    this.#refusing.set(address, since);
    if (now - since < REFUSED_MS || now < this.#mayRetireAt) return;
    this.#retiringUntil = now + DRAIN_MS;
    this.#mayRetireAt = now + RETIRE_PAUSE_MS;
  }

  #retire(): void {
    const model = this.#model;
    const channel = this.#channel;
    if (model === undefined || channel === undefined) return;
    this.#channelLost(this.#writer);
    void closeChannel(channel);
    this.#open(model);
  }

  #returned(message: Message): void {
    const publication = findReturned(this.#inFlight, message);
    if (publication === undefined) return;
    publication.returned = String((message.fields as { replyText?: unknown }).replyText ?? 'NO_ROUTE');
  }

  #channelLost(writer: ConfirmWriter | undefined): void {
    if (writer === undefined || this.#writer !== writer) return;
    this.#writer = undefined;
    this.#channel = undefined;
    this.#retiringUntil = undefined;
    this.#refusing.clear();
    const lost = this.#inFlightInTurn();
    const { code, text } = this.#failure;
    if (code === 0) {
      this.#waiting.unshiftAll(lost.map(forgetReturn));
      return;
    }
    const refused = refusedOf(lost, text);
    this.#waiting.unshiftAll(lost.filter((p) => !refused.includes(p)).map(forgetReturn));
    // Where nobody is named, everybody in flight is a suspect and travels alone from now on.
    if (refused.length === 0) for (const publication of lost) publication.suspect = true;
    for (const publication of refused) publication.settle(new PublishRefusedError(publication.target, code, text));
    this.hooks.onRefused(code);
  }
}

/**
 * Those of the messages that were in flight which the broker objects to. One that was in flight alone is it, unless the
 * reply names the exchange of another, which was given up meanwhile.
 */
function refusedOf(lost: readonly Publication[], text: string): readonly Publication[] {
  const exchange = exchangeNamedIn(text);
  const named = exchange === undefined ? [] : lost.filter(({ message }) => message.exchange === exchange);
  if (named.length > 0 || lost.length !== 1) return named;
  return exchange === undefined || lost[0]?.suspect === true ? lost : [];
}

const addressOf = ({ message: { exchange, routingKey } }: Publication): string => `${exchange} ${routingKey}`;

function forgetReturn(publication: Publication): Publication {
  publication.returned = undefined;
  return publication;
}
