import { createHash, randomUUID } from 'node:crypto';
import type { Broker } from '../broker/broker';
import type { TaskCatalog } from '../decorators/catalog';
import { ConfigurationError } from '../errors/configuration-error';
import type { EventBus } from '../events/event-bus';
import type { TaskTracer } from '../events/tracer';
import { hasLeader, Onlooker } from '../schedule/lead/onlooker';
import { Presence } from '../schedule/lead/presence';
import { Scheduler } from '../schedule/lead/scheduler';
import { MAX_RELEASES_BYTES, releaseBytes, storageProblem } from '../schedule/state/limits';
import { storedSchedule } from '../schedule/state/schedule-json';
import type { Release, StoredSchedule } from '../schedule/state/state';
import type { TaskDefinition } from '../task/definition';
import { MINUTE, SECOND } from '../time/duration';
import { systemClock } from '../time/system-clock';
import type { ResolvedAppOptions } from './app-options';
import { contractOf, type PayloadWiring } from './payload-wiring';

/** What makes ticks, or says that it has none to make. */
export type Ticking = Scheduler | Onlooker;

/** Of an app whose connections send no heartbeats: nothing takes a leader's place away but the end of its socket. */
const DEFAULT_LEASE_MS = 5 * SECOND;
/** A clock that jumps makes no timer fire. */
const MAX_SLEEP_MS = 10 * SECOND;

/**
 * The schedules in the code of an app, with their payloads encoded.
 * @throws ConfigurationError with every payload that does not fit its task.
 */
export async function schedulesInCode(
  catalog: TaskCatalog,
  payloads: PayloadWiring,
): Promise<readonly StoredSchedule[]> {
  const problems: string[] = [];
  const stored = await Promise.all(catalog.tasks.map((task) => storedSchedulesOf(task, payloads, problems)));
  const all = stored.flat();
  const bytes = releaseBytes({ queues: catalog.queues.map(({ name }) => name), schedules: all });
  if (problems.length === 0 && bytes > MAX_RELEASES_BYTES)
    problems.push(
      `the schedules in code take ${bytes} bytes, and all of a virtual host may have ${MAX_RELEASES_BYTES}: make their payloads references`,
    );
  if (problems.length > 0) throw new ConfigurationError(problems);
  return all;
}

async function storedSchedulesOf(
  task: TaskDefinition,
  payloads: PayloadWiring,
  problems: string[],
): Promise<readonly StoredSchedule[]> {
  if (task.schedules.length === 0) return [];
  const { encode } = payloads.sent(contractOf(task));
  const stored: StoredSchedule[] = [];
  for (const schedule of task.schedules) {
    const encoded = await encode(schedule.payload);
    if (encoded.ok) {
      const body = encoded.body.toString('utf8');
      const { contentType } = payloads.context;
      const carried = storedSchedule({ ...schedule, task: task.name, queue: task.queue, contentType, body });
      const unstorable = storageProblem(carried);
      if (unstorable !== undefined) problems.push(`${task.handler.label}: schedule "${schedule.name}": ${unstorable}`);
      stored.push(carried);
      continue;
    }
    for (const { path, message } of encoded.problems) {
      problems.push(
        `${task.handler.label}: the payload of schedule "${schedule.name}" is invalid: ${path}: ${message}`,
      );
    }
  }
  return stored;
}

/** @param isWorker - whether the app runs tasks. */
export function createTicking(
  options: ResolvedAppOptions,
  catalog: TaskCatalog,
  schedules: readonly StoredSchedule[],
  isWorker: boolean,
  broker: Broker,
  events: EventBus,
  tracer: TaskTracer | undefined,
): Ticking | undefined {
  if (!isWorker && options.schedules !== true) return undefined;
  const takesPart = options.schedules ?? schedules.length > 0;
  const clock = options.clock ?? systemClock;
  const worker = randomUUID();
  const queues = catalog.queues.map(({ name }) => name);
  const release: Release = { queues, schedules: takesPart ? schedules : [] };
  const presence = new Presence({
    publisher: broker.publisher,
    clock,
    worker,
    release,
    releaseKey: createHash('sha256').update(JSON.stringify(release)).digest('hex').slice(0, 16),
    isHeard: takesPart ? async () => true : () => hasLeader(broker),
  });
  if (!takesPart) return new Onlooker(broker, presence);
  const heartbeatMs = options.heartbeatSeconds * SECOND;
  return new Scheduler({
    broker,
    events,
    clock,
    presence,
    worker,
    appId: options.name,
    newId: randomUUID,
    leaseMs: heartbeatMs === 0 ? DEFAULT_LEASE_MS : heartbeatMs,
    // A silent leader is dropped after two to three heartbeats.
    graceMs: Math.max(MINUTE, 4 * heartbeatMs),
    maxSleepMs: options.clock === undefined ? MAX_SLEEP_MS : Number.POSITIVE_INFINITY,
    tracer,
  });
}
