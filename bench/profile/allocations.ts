import { Session } from 'node:inspector';
import type { Job } from '../jobs/job';
import { type CallFrame, nameOf } from './profile';

/** Loaded before a process that measures (`node --require`): says in the end what it allocated for a message, and where. */
const job =
  process.argv[1]?.endsWith('jobs/process.js') === true ? (JSON.parse(process.argv[2] ?? '') as Job) : undefined;

const FUNCTIONS = 20;
/** Bytes between two samples, on average. */
const INTERVAL = 16_384;

interface AllocationNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

if (job !== undefined && 'warmUp' in job) sample(job.kind, job.messages + job.warmUp);

function sample(kind: string, messages: number): void {
  const session = new Session();
  session.connect();
  // What was collected again counts, too: it is what the collector has to do with.
  const collected = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
  session.post('HeapProfiler.startSampling', { samplingInterval: INTERVAL, ...collected });
  process.once('exit', () => {
    session.post('HeapProfiler.stopSampling', (_error, { profile }) => {
      process.stderr.write(allocationText(kind, sumUp(profile.head), messages));
    });
  });
}

function sumUp(node: AllocationNode, sums = new Map<string, number>()): ReadonlyMap<string, number> {
  const name = nameOf(node.callFrame);
  sums.set(name, (sums.get(name) ?? 0) + node.selfSize);
  for (const child of node.children) sumUp(child, sums);
  return sums;
}

function allocationText(kind: string, sums: ReadonlyMap<string, number>, messages: number): string {
  const perMessage = (bytes: number): string => `${Math.round(bytes / messages)} B`;
  const all = [...sums.values()].reduce((sum, bytes) => sum + bytes, 0);
  const most = [...sums].toSorted(([, a], [, b]) => b - a).slice(0, FUNCTIONS);
  const lines = most.map(([name, bytes]) => `${perMessage(bytes).padStart(8)}  ${name}`);
  return `${[`${kind}: ${perMessage(all)} a message`, ...lines].join('\n')}\n`;
}
