import { randomUUID } from 'node:crypto';
import type { Sample } from '../results/sample';
import type { Extent, Section, Step, Tools } from './section';

const QUEUES = 100;
const TASKS = 500;
const IDLE_SECONDS = 10;

/** An app of many queues: on a broker that knows nothing of it, on one where all stands, and then doing nothing. */
export const startUp: Section = {
  name: 'start-up',
  title: 'Start-up and idling',
  plan: (extent) => {
    const prefix = `bench-start-${randomUUID().slice(0, 8)}-`;
    return Array.from({ length: extent.rounds }, (_, index) => measureStarts(extent, prefix, index + 1));
  },
};

function measureStarts(extent: Extent, prefix: string, round: number): Step {
  const contender = 'warren';
  const run = async (tools: Tools): Promise<readonly Sample[]> => {
    const job = { kind: 'startUp', url: tools.brokerUrl, prefix, queues: QUEUES, tasks: TASKS } as const;
    const absent = await tools.measure({ ...job, removeBefore: extent.ownsBroker, removeAfter: false, idleSeconds: 0 });
    const idleSeconds = Math.max(1, IDLE_SECONDS * Math.min(1, extent.scale));
    const present = await tools.measure({ ...job, idleSeconds, removeBefore: false, removeAfter: extent.ownsBroker });
    const { seconds, cpuPercent } = present;
    return [
      ...(extent.ownsBroker ? [sample('startUpAbsent', absent)] : []),
      sample('startUpPresent', seconds === undefined ? {} : { seconds }),
      sample('idle', cpuPercent === undefined ? {} : { cpuPercent }),
    ];
  };
  const sample = (work: Sample['work'], figures: Sample['figures']): Sample => ({ work, contender, round, figures });
  return { contender, round, label: `${QUEUES} queues, ${TASKS} tasks`, run };
}
