import { boundedMs, brokerInstants } from '../message/broker-instants';
import { readUnknownSince } from '../message/envelope';
import type { IncomingMessage } from '../message/wire';
import type { Attempt } from './attempt';

/** When the first attempt began, by this worker's clock; as far as the broker's clock confirms it where another worker ran it. */
export function firstAttemptBy({ envelope, startedAt, message }: Attempt, now: number): number {
  if (envelope.firstAttemptAt === undefined) return startedAt;
  const { arrived, firstAttempt } = brokerInstants(message);
  const isKnown = arrived !== undefined && firstAttempt !== undefined;
  return now - boundedMs(now - envelope.firstAttemptAt, isKnown ? arrived - firstAttempt + now - startedAt : undefined);
}

/** When a worker first met the message that knew no task for it: in the same way. */
export function unknownSinceBy(message: IncomingMessage, now: number): number {
  const { arrived, unknownSince } = brokerInstants(message);
  const isKnown = arrived !== undefined && unknownSince !== undefined;
  return now - boundedMs(now - readUnknownSince(message, now), isKnown ? arrived - unknownSince : undefined);
}
