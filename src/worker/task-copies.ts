import type { Delivery } from '../broker/broker';
import type { ThrownDescription } from '../errors/describe-thrown';
import type { TraceHeaders } from '../events/tracer';
import { type CopyInput, unknownTaskProperties } from '../message/copies';
import { readFailures, readUnknownSince } from '../message/envelope';
import { appendFailure } from '../message/failure-history';
import { readyAt } from '../message/instants';
import type { MessageProperties } from '../message/wire';
import type { TaskFailure } from '../task/context';
import type { Attempt } from './attempt';

/** What a copy of a delivery is made of. @param nextAttempt - the attempt that the copy is for. */
export function copyInput(
  delivery: Delivery,
  attempt: Attempt,
  nextAttempt: number,
  error: ThrownDescription | undefined,
  now: number,
  trace: TraceHeaders | undefined,
): CopyInput {
  const { envelope } = attempt;
  const failures = readFailures(delivery);
  const at = new Date(now).toISOString();
  return {
    message: delivery,
    envelope,
    id: attempt.id,
    task: attempt.definition?.name,
    queue: delivery.queue,
    attempt: nextAttempt,
    firstAttemptAt: envelope.firstAttemptAt ?? attempt.startedAt,
    trace,
    failures:
      error === undefined ? failures : appendFailure(failures, { attempt: envelope.attempt, at, ...failureOf(error) }),
  };
}

function failureOf({ name, message, stack, causes }: ThrownDescription): Omit<TaskFailure, 'attempt' | 'at'> {
  return {
    error: name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(causes === undefined ? {} : { causes }),
  };
}

/** Keeps the message as it was sent, so that a worker that knows the task runs it as attempt 1. */
export function unknownTaskCopy(
  delivery: Delivery,
  attempt: Attempt,
  now: number,
  trace: TraceHeaders | undefined,
): MessageProperties {
  const { attempt: next, firstAttemptAt } = attempt.envelope;
  const dueAt = readyAt(delivery);
  const copy = { ...copyInput(delivery, attempt, next, undefined, now, trace), firstAttemptAt, dueAt };
  return unknownTaskProperties(copy, readUnknownSince(delivery, now));
}
