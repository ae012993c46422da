import { type ChannelModel, IllegalOperationError } from 'amqplib';
import { ConnectionClosedError } from '../errors/enqueue-errors';

/** What still waits on each connection, to be told of its end. */
const waiting = new WeakMap<ChannelModel, Set<() => void>>();

/**
 * Waits for the broker's answer to a call on a connection or one of its channels: not longer than the deadline, and
 * not past the end of the connection. amqplib settles the calls that were queued behind the one on its way when a
 * connection ends, but never that one itself.
 *
 * @throws ConnectionClosedError where the broker did not answer, or could not be asked.
 */
export function answered<T>(model: ChannelModel, call: Promise<T>, timeoutMs: number): Promise<T> {
  const calls = waitingOn(model);
  return new Promise<T>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      calls.delete(lost);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const lost = (): void => fail(new ConnectionClosedError('it was lost before the broker answered'));
    const timer = setTimeout(() => fail(new ConnectionClosedError('the broker did not answer in time')), timeoutMs);
    calls.add(lost);
    call.then(
      (answer) => {
        end();
        resolve(answer);
      },
      (error: unknown) => fail(typed(error)),
    );
  });
}

/** Lets nothing wait any longer: the connection is given up, and may never say that it has ended. */
export function abandonCalls(model: ChannelModel): void {
  for (const lost of waiting.get(model) ?? []) lost();
}

function waitingOn(model: ChannelModel): Set<() => void> {
  const known = waiting.get(model);
  if (known !== undefined) return known;
  const calls = new Set<() => void>();
  waiting.set(model, calls);
  // One listener for all calls: Node warns of eleven.
  model.once('close', () => abandonCalls(model));
  return calls;
}

/** amqplib refuses at once what is called after the end. */
const typed = (error: unknown): unknown =>
  error instanceof IllegalOperationError
    ? new ConnectionClosedError('it, or the channel, was closed before the broker could be asked', { cause: error })
    : error;
