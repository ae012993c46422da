import { textHeader } from '../../message/headers';
import { isTraceparent } from '../../message/trace-context';
import type { MessageHeaders } from '../../message/wire';

export const TRACEPARENT = 'traceparent';
/** Of version 00. */
const LENGTH = 55;

/**
 * The `traceparent` of a message with no other header that a propagator could read, as nearly all are: what every
 * propagator that knows it makes of that is known, and costs a third.
 */
export function soleTraceparent(headers: MessageHeaders): string | undefined {
  // Inherited ones too, of a sender's `__proto__`: with those, the propagator decides.
  for (const name in headers) {
    if (name !== TRACEPARENT && !name.startsWith('warren-')) return undefined;
  }
  const header = textHeader(headers, TRACEPARENT, LENGTH);
  return header?.length === LENGTH && header.startsWith('00-') && isTraceparent(header) ? header : undefined;
}

/** The same, where it says that its trace is not sampled. */
export function soleUnsampled(headers: MessageHeaders): string | undefined {
  const traceparent = soleTraceparent(headers);
  return traceparent?.endsWith('-00') ? traceparent : undefined;
}
