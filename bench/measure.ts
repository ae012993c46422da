import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Job, Measurement } from './measurement';

const TIMEOUT_MS = 300_000;

/**
 * Measures in a process of its own, so that the CPU time is the contender's alone. Node's flags are passed on:
 * `node --cpu-prof` profiles the measured processes too.
 *
 * @throws Error when the process fails, or takes longer than five minutes.
 */
export function measure(job: Job): Promise<Measurement> {
  const child = fork(join(__dirname, 'measure-process.js'), [JSON.stringify(job)], {
    // Nothing of the process may end up in the table.
    stdio: ['ignore', 2, 2, 'ipc'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let measurement: Measurement | undefined;
  child.once('message', (message) => {
    measurement = message as Measurement;
    child.disconnect();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0 && measurement !== undefined) resolve(measurement);
      else
        reject(
          new Error(
            `${job.contender} could not be measured at ${job.workload}: its process ended with ${signal ?? code}`,
          ),
        );
    });
  });
}
