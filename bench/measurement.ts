import type { ContenderName } from './contenders';
import type { Target, Workload } from './contenders/contender';

/** What one process is asked to measure. */
export interface Job {
  readonly contender: ContenderName;
  readonly workload: Workload;
  readonly target: Target;
  readonly messages: number;
}

/** What it found. */
export interface Measurement {
  readonly messagesPerSecond: number;
  /** User and system time of the process. */
  readonly cpuMicrosPerMessage: number;
}

/** Starts to measure this process. @returns the function that ends it. */
export function startMeasuring(): (messages: number) => Measurement {
  const cpuAtStart = process.cpuUsage();
  const startedAt = performance.now();
  return (messages) => {
    const seconds = (performance.now() - startedAt) / 1_000;
    const { user, system } = process.cpuUsage(cpuAtStart);
    return { messagesPerSecond: messages / seconds, cpuMicrosPerMessage: (user + system) / messages };
  };
}
