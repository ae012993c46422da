import type { JobMessage } from './job';

const EVERY_MS = 1_000;

/** Tells the parent how far this process is, now and then: it costs what is being measured. */
export function progressTeller(total: number): (done: number) => void {
  let next = performance.now() + EVERY_MS;
  return (done) => {
    // A look at the clock for each message would show in the CPU time.
    if (done % 1_000 !== 0 || performance.now() < next) return;
    next = performance.now() + EVERY_MS;
    process.send?.({ progress: done / total } satisfies JobMessage);
  };
}
