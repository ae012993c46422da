import { randomUUID } from 'node:crypto';
import { type ContenderName, loadContender, serverOf } from './contenders';
import type { Target } from './contenders/contender';
import { measure } from './jobs/measure';
import { say, sayNow } from './progress';
import { figuresText } from './report/figures';
import type { Sample } from './results/sample';
import type { Extent, Section, Step, TargetOptions, Tools } from './sections/section';
import type { BenchServers } from './servers/servers';

export interface Measured {
  readonly samples: readonly Sample[];
  readonly failures: readonly string[];
}

/** Measures a section step by step. A step that fails is told, and the others are measured all the same. */
export async function runSection(
  section: Section,
  extent: Extent,
  servers: BenchServers,
  signal: AbortSignal,
): Promise<Measured> {
  const steps = section.plan(extent);
  const samples: Sample[] = [];
  const failures: string[] = [];
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    const what = `${section.name} ${index + 1}/${steps.length}, round ${step.round}: ${step.contender}, ${step.label}`;
    sayNow(what);
    try {
      const found = await step.run(toolsOf(servers, what));
      samples.push(...found);
      say(`${what}: ${found.map(({ work, figures }) => `${work} ${figuresText(figures)}`).join('; ')}`);
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      failures.push(`${step.contender}, round ${step.round}, ${step.label}: ${reason}`);
      say(`${what}: could not be measured: ${reason}`);
    }
  }
  return { samples, failures };
}

function toolsOf(servers: BenchServers, what: Step['label']): Tools {
  return {
    brokerUrl: servers.rabbitmq.url,
    measure: (job, options) => {
      sayNow(`${what}: ${job.kind}`);
      const onProgress = (progress: number) => sayNow(`${what}: ${job.kind} ${Math.round(progress * 100)} %`);
      return measure(job, { ...options, onProgress });
    },
    withTarget: (options, use) => withTarget(servers, options, use),
  };
}

async function withTarget<T>(
  servers: BenchServers,
  { contender, queues = 1, left = 0 }: TargetOptions,
  use: (target: Target) => Promise<T>,
): Promise<T> {
  const target = newTarget(servers, contender, queues);
  const remove = async () => (await loadContender(contender)).removeQueues(target);
  let result: T;
  try {
    result = await use(target);
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
  const found = await remove();
  if (found !== left) throw new Error(`in the end ${found} messages were in its queues, not ${left}`);
  return result;
}

function newTarget(servers: BenchServers, contender: ContenderName, queues: number): Target {
  const server = servers[serverOf(contender)];
  if (server === undefined) throw new Error(`the server of ${contender} is not there`);
  const name = `bench-${contender}-${randomUUID()}`;
  const others = Array.from({ length: queues - 1 }, (_, index) => `${name}-${index + 2}`);
  return { url: server.url, queues: [name, ...others] };
}
