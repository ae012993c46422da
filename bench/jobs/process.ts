import type { Figures } from '../results/sample';
import type { Job, JobMessage } from './job';

/** The process that does one job and nothing else: takes it as its argument, answers with messages. */
async function main(): Promise<void> {
  const figures = await measure(JSON.parse(process.argv[2] ?? '') as Job);
  process.send?.({ figures } satisfies JobMessage);
}

async function measure(job: Job): Promise<Figures> {
  switch (job.kind) {
    case 'enqueue':
      return (await import('./enqueue.js')).measureEnqueue(job);
    case 'enqueueMany':
      return (await import('./enqueue.js')).measureEnqueueMany(job);
    case 'consume':
      return (await import('./consume.js')).measureConsume(job);
    case 'pace':
      return (await import('./latency.js')).sendAtPace(job);
    case 'latency':
      return (await import('./latency.js')).measureLatency(job);
    case 'retries':
      return (await import('./retries.js')).measureRetries(job);
    case 'hops':
      return (await import('./retries.js')).measureHops(job);
    case 'validate':
      return (await import('./validate.js')).measureValidation(job);
    case 'startUp':
      return (await import('./start-up.js')).measureStartUp(job);
  }
}

void main();
