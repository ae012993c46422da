/**
 * Waits for a promise, but not longer than the deadline. amqplib leaves promises unsettled when the peer goes silent
 * (`connect`, `close` and every RPC), so nothing of amqplib is awaited without one.
 *
 * @param onTimeout - makes the error.
 */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: number, onTimeout: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(onTimeout()), timeoutMs);
    // The socket keeps the process alive as long as an answer can come. One that was given up must not: amqplib never
    // settles what was asked before its connection began to close.
    timer.unref();
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
