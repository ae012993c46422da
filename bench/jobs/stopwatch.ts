/** Wall-clock and CPU time of this process since it was started. */
export interface Elapsed {
  readonly seconds: number;
  readonly cpuMicros: number;
}

/** @returns the function that reads it. */
export function startStopwatch(): () => Elapsed {
  const cpuAtStart = process.cpuUsage();
  const startedAt = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpuAtStart);
    return { seconds: (performance.now() - startedAt) / 1_000, cpuMicros: user + system };
  };
}

export const throughput = ({ seconds, cpuMicros }: Elapsed, messages: number) => ({
  perSecond: messages / seconds,
  cpuMicros: cpuMicros / messages,
});
