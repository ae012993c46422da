import { randomUUID } from 'node:crypto';
import type { Broker } from '../broker/broker';
import { TaskClient } from '../client/task-client';
import { DeadLetters } from '../dead-letter/dead-letters';
import type { TaskCatalog } from '../decorators/catalog';
import { resolveDefinitions } from '../decorators/resolve-definitions';
import { ConfigurationError } from '../errors/configuration-error';
import { describeThrown } from '../errors/describe-thrown';
import { EventBus } from '../events/event-bus';
import { type Logger, SILENT_LOGGER } from '../events/logger';
import type { TaskEvent } from '../events/task-events';
import type { TelemetryPage } from '../events/telemetry';
import { liveAnswer, readyAnswer } from '../health/health-paths';
import { HealthWatch } from '../health/health-watch';
import { LoopWatch } from '../health/loop-watch';
import { HttpEndpoint } from '../http/http-endpoint';
import { RunEnds } from '../schedule/lead/run-ends';
import { Schedules } from '../schedule/schedules';
import type { StoredSchedule } from '../schedule/state/state';
import type { ClassType } from '../task/class-type';
import { realElapsed } from '../time/real-timers';
import { systemClock } from '../time/system-clock';
import { planTopology } from '../topology/plan';
import { Worker } from '../worker/worker';
import { type ResolvedAppOptions, resolveAppOptions, type TaskAppOptions } from './app-options';
import { createBroker } from './broker-wiring';
import { createConsoleLogger } from './console-logger';
import { consumedQueues } from './consumed-queues';
import { discoverTaskClasses } from './discovery';
import { logEvents } from './log-events';
import { contractOf, contractsOf, PayloadWiring } from './payload-wiring';
import { createTicking, schedulesInCode } from './schedule-wiring';
import { warnAtStart } from './start-warnings';
import { AppLifecycle, TaskApp } from './task-app';
import { createWorker } from './worker-wiring';

/**
 * Makes an app: finds its tasks, checks every option and decorator, and connects nothing yet.
 *
 * @throws ConfigurationError with every mistake at once.
 *
 * @example
 * ```ts
 * const app = await createTaskApp({ url: process.env.AMQP_URL, tasks: ['dist/**\/*.tasks.js'] });
 * await app.start();
 * ```
 */
export async function createTaskApp(options: TaskAppOptions = {}): Promise<TaskApp> {
  const resolved = await resolveOptions(options);
  const classes = await discoverTaskClasses(resolved.tasks, { cwd: resolved.cwd });
  const catalog = resolveDefinitions(classes, resolved.defaults);
  const payloads = new PayloadWiring(resolved.limits, resolved.name);
  return assembleApp(resolved, catalog, payloads, await schedulesInCode(catalog, payloads));
}

/** @throws ConfigurationError with the mistakes of the tasks as well, where the options have some. */
async function resolveOptions(options: TaskAppOptions): Promise<ResolvedAppOptions> {
  try {
    return resolveAppOptions(options, process.env, process.cwd());
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const others = await problemsOfTasks(options);
    throw others.length === 0 ? error : new ConfigurationError([...error.problems, ...others], { cause: error });
  }
}

async function problemsOfTasks({ tasks, cwd }: TaskAppOptions): Promise<readonly string[]> {
  try {
    const classes = Array.isArray(tasks) ? (tasks as readonly (ClassType | string)[]) : [];
    const from = typeof cwd === 'string' && cwd !== '' ? cwd : process.cwd();
    resolveDefinitions(await discoverTaskClasses(classes, { cwd: from }));
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

/** Puts the parts together. */
function assembleApp(
  options: ResolvedAppOptions,
  catalog: TaskCatalog,
  payloads: PayloadWiring,
  scheduled: readonly StoredSchedule[],
): TaskApp {
  const events = new EventBus();
  const logger = loggerOf(options.logger);
  logEvents(events, logger);
  const consumed = consumedQueues(options, catalog);
  warnAtStart(options, consumed.length > 0, logger);
  const lifecycle = new AppLifecycle();
  const clock = options.clock ?? systemClock;
  const broker = createBroker(options, events);
  // Made below: what it tells is asked for while it runs, and its tracer is needed to make it.
  let worker: Worker | undefined;
  const telemetry = options.telemetry?.observe({
    events,
    now: () => clock.now(),
    address: () => broker.address,
    queues: catalog.queues.map(({ name }) => name),
    tasks: catalog.tasks,
    slots: () => worker?.slots ?? [],
    queueState: async (queue) => broker.queueState(queue),
  });
  const tracer = telemetry?.tracer;
  const client = new TaskClient({
    broker,
    clock,
    context: payloads.context,
    prepare: (contract) => payloads.sent(contract, catalog.findQueue(contract.queue)?.type === 'classic'),
    contractsOf,
    assertReady: () => lifecycle.assertReady('enqueue'),
    events,
    tracer,
  });
  const deadLetters = new DeadLetters({
    broker,
    clock,
    patience: systemClock,
    newId: randomUUID,
    assertReady: (action) => lifecycle.assertReady(action),
    tracer,
  });
  const runEnds = new RunEnds(broker.publisher);
  const loop = new LoopWatch<TaskEvent>(realElapsed, (ms, cause) => {
    const tasks = cause === undefined ? (worker?.runningTasks ?? []) : [cause];
    events.emit('loop:blocked', { blockedMs: Math.round(ms), tasks });
  });
  worker = createWorker(options, consumed, catalog, broker, events, payloads, {
    tracer,
    logger,
    runEnds,
    sender: client,
    loop,
  });
  const topology = planTopology({ queues: catalog.queues, schedules: options.schedules ?? scheduled.length > 0 });
  const ticking = createTicking(options, catalog, scheduled, worker !== undefined, broker, events, tracer);
  const schedules = createSchedules(options, catalog, broker, client, payloads, lifecycle);
  const health = createHealthWatch(events, broker, worker, lifecycle, loop);
  const http = createHttpEndpoint(options, events, health, telemetry?.pages ?? []);
  return new TaskApp({
    options,
    broker,
    events,
    catalog,
    consumed,
    topology,
    client,
    deadLetters,
    worker,
    runEnds,
    ticking,
    schedules,
    lifecycle,
    health,
    http,
    telemetry,
  });
}

function createSchedules(
  { clock = systemClock, publishTimeoutMs }: ResolvedAppOptions,
  catalog: TaskCatalog,
  broker: Broker,
  client: TaskClient,
  { context }: PayloadWiring,
  lifecycle: AppLifecycle,
): Schedules {
  return new Schedules({
    broker,
    clock,
    patience: systemClock,
    timeoutMs: publishTimeoutMs,
    contentType: context.contentType,
    newId: randomUUID,
    contractNamed: (name) => {
      const task = catalog.find(name);
      return task === undefined ? undefined : contractOf(task);
    },
    encode: (contract, payload) => client.encode(contract, payload),
    assertReady: (action) => lifecycle.assertReady(action),
  });
}

function createHealthWatch(
  events: EventBus,
  broker: Broker,
  worker: Worker | undefined,
  lifecycle: AppLifecycle,
  loop: LoopWatch<TaskEvent>,
): HealthWatch {
  return new HealthWatch({
    events,
    broker,
    consumers: worker?.consumers ?? [],
    appState: () => lifecycle.state,
    now: realElapsed,
    loop,
  });
}

function createHttpEndpoint(
  { http }: ResolvedAppOptions,
  events: EventBus,
  health: HealthWatch,
  pages: readonly TelemetryPage[],
): HttpEndpoint {
  const endpoint = new HttpEndpoint(http, (path, error) =>
    events.emit('listener:failed', { event: `GET ${path}`, error: describeThrown(error) }),
  );
  endpoint.add('/live', () => liveAnswer(health.look()));
  endpoint.add('/ready', () => readyAnswer(health.look()));
  for (const { path, answer } of pages) endpoint.add(path, answer);
  return endpoint;
}

function loggerOf(logger: ResolvedAppOptions['logger']): Logger {
  if (logger === false) return SILENT_LOGGER;
  return typeof logger === 'string' ? createConsoleLogger(logger) : logger;
}
