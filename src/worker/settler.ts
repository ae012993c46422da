import type { Delivery, Publisher, PublishOptions } from '../broker/broker';
import { assertNever } from '../errors/assert-never';
import { describeThrown, type ThrownDescription } from '../errors/describe-thrown';
import { ConnectionClosedError, type PayloadProblem, PublishRefusedError } from '../errors/enqueue-errors';
import type { EventBus } from '../events/event-bus';
import type { TaskEndedEvent, TaskEvent } from '../events/task-events';
import type { SendTrace, TraceHeaders } from '../events/tracer';
import {
  askingProperties,
  bareDeadLetterProperties,
  type CopyInput,
  deadLetterProperties,
  retryProperties,
  type Suspicion,
  suspectProperties,
} from '../message/copies';
import { appendFailure } from '../message/failure-history';
import { elapsedMs, firstEnqueuedAt, readyAt } from '../message/instants';
import { traceIdOf } from '../message/trace-context';
import type { OutgoingMessage } from '../message/wire';
import { DEFAULT_RETRY } from '../retry/normalize-retry';
import { decideSettlement } from '../settlement/decide-settlement';
import type { Settlement, TaskOutcome } from '../settlement/outcome';
import type { Clock } from '../time/clock';
import { ladderMs, route } from '../topology/ladder';
import { DEAD_EXCHANGE, suspectQueueName } from '../topology/names';
import type { Attempt } from './attempt';
import type { ClockSkew } from './clock-skew';
import { describedError } from './described-error';
import type { EndedAttempts } from './ended-attempts';
import { firstAttemptBy, unknownSinceBy } from './since';
import { copyInput, unknownTaskCopy } from './task-copies';

export interface SettlerOptions {
  readonly publisher: Publisher;
  readonly events: EventBus;
  readonly clock: Clock;
  /** A number in [0, 1), as `Math.random`. */
  readonly random: () => number;
  /** How long messages are kept that no task is known for, in milliseconds. */
  readonly keepUnknownTasksMs: number;
  /** Told when a task is settled for good whose schedule waits for that. */
  readonly onAwaitedEnd: (schedule: string, id: string) => void;
  readonly skew: Pick<ClockSkew, 'aheadMs'>;
  /** What ended after its channel had died. */
  readonly endedAttempts: EndedAttempts;
}

/** How long a delivery rests whose copy could not be published, before it goes back to the queue. */
const FAILED_SETTLEMENT_PAUSE_MS = 1_000;
const HELD: PublishOptions = Object.freeze({ isHeld: true });
/** The shortest level of the delay ladder. */
const SHORTEST_MS = 1;
const REQUEUED: Settlement = Object.freeze({ kind: 'requeue' });
const ACKNOWLEDGED: Settlement = Object.freeze({ kind: 'ack' });

/**
 * The only writer: carries out what was decided about a delivery, then tells it. A message is acknowledged after its
 * copy was confirmed, so a crash in between leaves two, never none.
 */
export class Settler {
  constructor(private readonly options: SettlerOptions) {}

  /** Never rejects. A success is settled at once: nothing has to be waited for. */
  settle(delivery: Delivery, attempt: Attempt): Promise<void> | undefined {
    if (attempt.outcome.kind !== 'completed') return this.#settleOther(delivery, attempt);
    const trace = attempt.trace?.settle(ACKNOWLEDGED);
    if (!delivery.ack()) {
      const failure = channelEnded(delivery);
      trace?.end?.({ error: failure });
      return this.#postpone(delivery, attempt, failure);
    }
    trace?.end?.();
    this.#tellAwaited(attempt);
    this.#tellCompleted(attempt);
    return undefined;
  }

  /** Moves a delivery to the queue of suspects, where it runs alone. Never rejects. */
  async isolate(delivery: Delivery, attempt: Attempt, suspicion: Suspicion): Promise<void> {
    const { events, clock } = this.options;
    const trace = attempt.trace?.settle({ kind: 'isolate', crashes: suspicion.crashes });
    const now = clock.now();
    const copy = {
      ...this.#livingCopy(delivery, attempt, attempt.envelope.attempt, undefined, now, trace?.headers),
      dueAt: now,
    };
    const properties = suspectProperties(copy, suspicion);
    const route = { exchange: '', routingKey: suspectQueueName(delivery.queue) };
    if (!(await this.#move(delivery, attempt, copy, { ...route, body: delivery.body, properties }, trace))) return;
    events.emit('task:isolated', { ...taskEvent(attempt), crashes: suspicion.crashes });
  }

  /**
   * Sends a task that may have expired to the shortest level of the delay ladder: when it returns, the broker has written
   * its time on it. Never rejects.
   */
  async askBroker(delivery: Delivery, attempt: Attempt): Promise<void> {
    const trace = attempt.trace?.settle(REQUEUED);
    const now = this.options.clock.now();
    const { attempt: same, firstAttemptAt, expiresAt = now } = attempt.envelope;
    const input = copyInput(delivery, attempt, same, undefined, now, trace?.headers);
    const copy = { ...input, firstAttemptAt, dueAt: readyAt(delivery) };
    const properties = askingProperties(copy, expiresAt);
    const message = { ...route(delivery.queue, SHORTEST_MS, 'exact'), body: delivery.body, properties };
    await this.#move(delivery, attempt, copy, message, trace);
  }

  /** @returns whether the copy is stored, and the delivery acknowledged. */
  async #move(
    delivery: Delivery,
    attempt: Attempt,
    copy: CopyInput,
    message: OutgoingMessage,
    trace: SendTrace | undefined,
  ): Promise<boolean> {
    try {
      assertLive(delivery);
      await this.#publish(message);
    } catch (failure) {
      trace?.end?.({ error: failure });
      await this.#notCopied(delivery, attempt, copy, failure);
      return false;
    }
    delivery.ack();
    trace?.end?.();
    return true;
  }

  /**
   * The copy that a task goes on with. Its expiry is by the sender's clock; if this worker's clock is known to be ahead of
   * that, it is moved with it: nothing in the copy would show the difference any more.
   */
  #livingCopy(...input: Parameters<typeof copyInput>): CopyInput {
    const copy = copyInput(...input);
    const { aheadMs } = this.options.skew;
    const { expiresAt } = copy.envelope;
    if (aheadMs === 0 || expiresAt === undefined || copy.message.properties.expiration === undefined) return copy;
    return { ...copy, expiresAt: Math.ceil(expiresAt + aheadMs) };
  }

  async #settleOther(delivery: Delivery, attempt: Attempt): Promise<void> {
    const { outcome } = attempt;
    const now = this.options.clock.now();
    const settlement = this.#decide(delivery, attempt, now);
    const error = describedError(outcome);
    const trace = attempt.trace?.settle(settlement);
    try {
      await this.#carryOut(delivery, attempt, settlement, error, now, trace?.headers);
    } catch (failure) {
      trace?.end?.({ error: failure });
      const copy = copyInput(delivery, attempt, attempt.envelope.attempt, error, now, trace?.headers);
      await this.#notCopied(delivery, attempt, copy, failure);
      return;
    }
    trace?.end?.();
    if (settlement.kind === 'ack' || settlement.kind === 'dead-letter') this.#tellAwaited(attempt);
    this.#tell(attempt, settlement, error);
  }

  #decide(delivery: Delivery, attempt: Attempt, now: number): Settlement {
    return decideSettlement(attempt.outcome, {
      attempt: attempt.envelope.attempt,
      firstAttemptAt: firstAttemptBy(attempt, now),
      policy: attempt.definition?.retry ?? DEFAULT_RETRY,
      unknownSince: attempt.outcome.kind === 'unknown-task' ? unknownSinceBy(delivery, now) : now,
      keepUnknownMs: this.options.keepUnknownTasksMs,
      now,
      random: this.options.random(),
    });
  }

  async #carryOut(
    delivery: Delivery,
    attempt: Attempt,
    settlement: Settlement,
    error: ThrownDescription | undefined,
    now: number,
    trace: TraceHeaders | undefined,
  ): Promise<void> {
    switch (settlement.kind) {
      case 'ack':
        if (!delivery.ack()) throw channelEnded(delivery);
        return;
      case 'requeue':
        delivery.requeue();
        return;
      case 'retry':
        assertLive(delivery);
        await this.#publishRetry(delivery, attempt, settlement, error, now, trace);
        this.#ackCopied(delivery, attempt);
        return;
      case 'dead-letter':
        assertLive(delivery);
        await this.#publishDeadLetter(delivery, attempt, settlement, error, now, trace);
        this.#ackCopied(delivery, attempt);
        return;
      default:
        return assertNever(settlement);
    }
  }

  /** The copy counts from here on. What the broker delivers again is one too many. */
  #ackCopied(delivery: Delivery, attempt: Attempt): void {
    if (!delivery.ack()) this.options.endedAttempts.keep(delivery, attempt, true);
  }

  #publishRetry(
    delivery: Delivery,
    attempt: Attempt,
    settlement: Settlement & { kind: 'retry' },
    error: ThrownDescription | undefined,
    now: number,
    trace: TraceHeaders | undefined,
  ): Promise<void> {
    // A snooze is the handler's own delay and kept to the unit; a backoff carries jitter anyway and saves hops.
    const precision = attempt.outcome.kind === 'snoozed' ? 'exact' : 'rounded';
    return this.#publish({
      ...route(delivery.queue, settlement.delayMs, precision),
      body: delivery.body,
      properties:
        attempt.outcome.kind === 'unknown-task'
          ? unknownTaskCopy(delivery, attempt, now, trace)
          : retryProperties({
              ...this.#livingCopy(delivery, attempt, settlement.nextAttempt, error, now, trace),
              dueAt: Math.ceil(now + ladderMs(settlement.delayMs, precision)),
            }),
    });
  }

  #publishDeadLetter(
    delivery: Delivery,
    attempt: Attempt,
    settlement: Settlement & { kind: 'dead-letter' },
    error: ThrownDescription | undefined,
    now: number,
    trace: TraceHeaders | undefined,
  ): Promise<void> {
    const copy = copyInput(delivery, attempt, attempt.envelope.attempt, error, now, trace);
    return this.#publish({
      exchange: DEAD_EXCHANGE,
      routingKey: delivery.queue,
      body: delivery.body,
      properties: deadLetterProperties(copy, settlement.reason, problemsOf(attempt.outcome), now),
    });
  }

  /** A copy that the broker does not have now is tried again later. One that can never be made ends the task. */
  #notCopied(delivery: Delivery, attempt: Attempt, copy: CopyInput, failure: unknown): Promise<void> {
    return isFinal(failure) && delivery.live
      ? this.#deadLetterBare(delivery, attempt, copy, failure)
      : this.#postpone(delivery, attempt, failure);
  }

  /**
   * A dead letter with Warren's own headers alone, which say why. Where the broker refuses that, too, nothing but the
   * broker itself can move the message: it is rejected as it came.
   */
  async #deadLetterBare(delivery: Delivery, attempt: Attempt, copy: CopyInput, failure: unknown): Promise<void> {
    const { events, clock } = this.options;
    const error = describeThrown(failure);
    const now = clock.now();
    const at = new Date(now).toISOString();
    const failed = { attempt: attempt.envelope.attempt, at, error: error.name, message: error.message };
    const properties = bareDeadLetterProperties({ ...copy, failures: appendFailure(copy.failures, failed) }, now);
    try {
      assertLive(delivery);
      await this.#publish({ exchange: DEAD_EXCHANGE, routingKey: delivery.queue, body: delivery.body, properties });
      delivery.ack();
    } catch (again) {
      if (!isFinal(again)) return this.#postpone(delivery, attempt, again);
      delivery.reject();
    }
    this.#tellAwaited(attempt);
    const problems = problemsOf(attempt.outcome);
    events.emit('task:dead-lettered', { ...endedEvent(attempt, now), reason: 'rejected', error, problems });
  }

  /** The payload is in memory until its delivery is settled. */
  #publish(message: OutgoingMessage): Promise<void> {
    return this.options.publisher.publish(message, HELD);
  }

  /** The broker still holds the message. It rests a while, so that a broker in trouble is not asked without end. */
  async #postpone(delivery: Delivery, attempt: Attempt, failure: unknown): Promise<void> {
    this.options.events.emit('settlement:failed', { ...taskEvent(attempt), error: describeThrown(failure) });
    if (!delivery.live) this.options.endedAttempts.keep(delivery, attempt);
    else {
      await new Promise<void>((resolve) => this.options.clock.schedule(resolve, FAILED_SETTLEMENT_PAUSE_MS));
    }
    delivery.requeue();
  }

  #tellAwaited({ envelope, id }: Attempt): void {
    if (envelope.awaitedBy !== undefined) this.options.onAwaitedEnd(envelope.awaitedBy, id);
  }

  #tellCompleted(attempt: Attempt): void {
    const { events } = this.options;
    // It was acknowledged at once, so its end is that of its attempt.
    if (events.has('task:completed')) events.emit('task:completed', endedEvent(attempt, attempt.endedAt));
  }

  #tell(attempt: Attempt, settlement: Settlement, error: ThrownDescription | undefined): void {
    const { events } = this.options;
    const { outcome } = attempt;
    const ended = endedEvent(attempt, this.options.clock.now());
    switch (settlement.kind) {
      case 'ack':
        events.emit('task:discarded', { ...ended, reason: outcome.kind === 'discarded' ? outcome.reason : '' });
        return;
      case 'requeue':
        events.emit('task:interrupted', ended);
        return;
      case 'retry':
        this.#tellRetry(attempt, settlement, error);
        return;
      case 'dead-letter':
        events.emit('task:dead-lettered', {
          ...ended,
          reason: settlement.reason,
          error,
          problems: problemsOf(outcome),
        });
        return;
      default:
        assertNever(settlement);
    }
  }

  #tellRetry(attempt: Attempt, settlement: Settlement & { kind: 'retry' }, error: ThrownDescription | undefined): void {
    const { events } = this.options;
    const { delayMs, nextAttempt } = settlement;
    const ended = endedEvent(attempt, this.options.clock.now());
    if (attempt.outcome.kind === 'snoozed') {
      events.emit('task:snoozed', { ...ended, delayMs, reason: attempt.outcome.reason });
    } else {
      const told = error ?? { name: 'Error', message: '' };
      events.emit('task:retried', { ...ended, error: told, delayMs, nextAttempt });
    }
  }
}

/** The broker has it back and delivers it again: a copy would be one too many. */
function assertLive(delivery: Delivery): void {
  if (!delivery.live) throw channelEnded(delivery);
}

/** PRECONDITION_FAILED: the message has more bytes than the broker takes, for example. */
const PRECONDITION_FAILED = 406;
/** It was not sent, since it cannot be encoded. */
const NOT_ENCODED = 0;

/** Whether the same message would be refused again, each time. What is missing, full or forbidden can be mended. */
function isFinal(failure: unknown): boolean {
  if (!(failure instanceof PublishRefusedError)) return false;
  return failure.replyCode === NOT_ENCODED || failure.replyCode === PRECONDITION_FAILED;
}

const channelEnded = ({ queue }: Delivery): ConnectionClosedError =>
  new ConnectionClosedError(`the channel ended that had delivered from "${queue}"`);

function taskEvent({ definition, envelope, id, queue, trace, message }: Attempt): TaskEvent {
  const traceId = trace?.traceId ?? traceIdOf(message.properties.headers);
  return { task: definition?.name ?? envelope.type, id, queue, attempt: envelope.attempt, traceId };
}

/** @param now - when it was settled; milliseconds since 1970. */
function endedEvent(attempt: Attempt, now: number): TaskEndedEvent {
  const { definition, envelope, id, queue, trace, message, startedAt, endedAt } = attempt;
  const traceId = trace?.traceId ?? traceIdOf(message.properties.headers);
  const sinceEnqueuedMs = elapsedMs(firstEnqueuedAt(message), now);
  const durationMs = endedAt - startedAt;
  // Spelled out: for every message, and a spread costs ten times as much.
  return {
    task: definition?.name ?? envelope.type,
    id,
    queue,
    attempt: envelope.attempt,
    traceId,
    durationMs,
    sinceEnqueuedMs,
  };
}

const problemsOf = (outcome: TaskOutcome): readonly PayloadProblem[] =>
  outcome.kind === 'rejected' ? outcome.problems : [];
