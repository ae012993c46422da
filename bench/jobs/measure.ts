import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Figures } from '../results/sample';
import type { Job, JobMessage } from './job';

export interface MeasureOptions {
  readonly timeoutMs?: number;
  /** Told now and then how far it is, from 0 to 1. */
  readonly onProgress?: (progress: number) => void;
  /** Told when a `latency` job receives: from then on, what is sent need not wait for it. */
  readonly onReceives?: () => void;
}

const DEFAULT_TIMEOUT_MS = 180_000;

const running = new Set<ChildProcess>();

/**
 * Measures in a process of its own, so that the CPU time is the contender's alone. Node's flags are passed on:
 * `node --cpu-prof` profiles the measured processes too.
 *
 * @throws Error when the process fails, or takes too long.
 */
export async function measure(job: Job, options: MeasureOptions = {}): Promise<Figures> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const child = fork(join(__dirname, 'process.js'), [JSON.stringify(job)], {
    // Nothing of the process may end up in the table.
    stdio: ['ignore', 2, 2, 'ipc'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  running.add(child);
  try {
    return await figuresOf(child, job.kind, timeoutMs, options);
  } finally {
    running.delete(child);
    child.kill('SIGKILL');
  }
}

/** Ends every process that measures now; what they measure fails. */
export function endMeasuring(): void {
  for (const child of running) child.kill('SIGKILL');
}

function figuresOf(
  child: ChildProcess,
  what: string,
  timeoutMs: number,
  { onProgress, onReceives }: MeasureOptions,
): Promise<Figures> {
  let figures: Figures | undefined;
  child.on('message', (message: JobMessage) => {
    if ('receives' in message) return onReceives?.();
    if ('progress' in message) return onProgress?.(message.progress);
    figures = message.figures;
    child.disconnect();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0 && figures !== undefined) resolve(figures);
      else reject(new Error(`"${what}" ended with ${signal ?? code}; it may take ${timeoutMs / 1_000} s`));
    });
  });
}
