import { clearRealTimeout, setRealTimeout } from '../../src/time/real-timers';

/** Fails, with a name, what would otherwise hang until Jest's own timeout, whether or not the test fakes timers. */
export async function bounded<T>(what: string, promise: Promise<T>, timeoutMs = 15_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setRealTimeout(() => reject(new Error(`waited ${timeoutMs} ms in vain for ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearRealTimeout(timer);
  }
}

/** Asks again and again until the answer passes. For what no event tells, such as a count on the broker. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T> | T,
  passes: (answer: T) => boolean,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (passes(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(
        `waited ${timeoutMs} ms in vain for ${what}; last seen: ${String(JSON.stringify(answer))?.slice(0, 300)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
