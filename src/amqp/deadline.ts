/**
 * Waits for a promise, but not longer than the deadline. amqplib leaves promises unsettled when the peer goes silent
 * (`connect`, `close` and every RPC), so nothing of amqplib is awaited without one.
 *
 * @param onTimeout - makes the error.
 */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: number, onTimeout: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(onTimeout()), timeoutMs);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
