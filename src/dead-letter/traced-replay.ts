import { type TaskTracer, withTraceHeaders } from '../events/tracer';
import type { IncomingMessage, OutgoingMessage } from '../message/wire';

/** Publishes the copy of a letter within its trace, where there is a tracer. */
export async function publishReplay(
  tracer: TaskTracer | undefined,
  queue: string,
  letter: IncomingMessage,
  message: OutgoingMessage,
  publish: (message: OutgoingMessage) => Promise<void>,
): Promise<void> {
  const trace = tracer?.replay({ queue, letter, message });
  try {
    await publish(withTraceHeaders(message, trace?.headers));
  } catch (error) {
    trace?.end?.({ error });
    throw error;
  }
  trace?.end?.();
}
