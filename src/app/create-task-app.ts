import { randomUUID } from 'node:crypto';
import { createAmqpBroker } from '../amqp/amqp-broker';
import type { Broker, BrokerEvents } from '../broker/broker';
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
import type { TaskTracer } from '../events/tracer';
import { liveAnswer, readyAnswer } from '../health/health-paths';
import { HealthWatch } from '../health/health-watch';
import { LoopWatch } from '../health/loop-watch';
import { HttpEndpoint } from '../http/http-endpoint';
import { RunEnds } from '../schedule/lead/run-ends';
import { Schedules } from '../schedule/schedules';
import type { StoredSchedule } from '../schedule/state/state';
import type { ClassType } from '../task/class-type';
import type { QueueDefinition } from '../task/definition';
import type { TaskSender } from '../task/task-methods';
import { realElapsed } from '../time/real-timers';
import { systemClock } from '../time/system-clock';
import { longestUnsettledMs } from '../topology/ack-timeout';
import { planTopology } from '../topology/plan';
import { ClockSkew } from '../worker/clock-skew';
import { Alibis } from '../worker/crash-loops/alibis';
import { TrialMarks } from '../worker/crash-loops/trial-marks';
import { DeliveryProcessor } from '../worker/delivery-processor';
import { Dispatcher } from '../worker/dispatcher';
import { EndedAttempts } from '../worker/ended-attempts';
import { createDefaultResolver } from '../worker/handler-resolver';
import { Overruns } from '../worker/overruns';
import { prepareTask } from '../worker/prepare-task';
import { Settler } from '../worker/settler';
import { Worker } from '../worker/worker';
import { type ResolvedAppOptions, resolveAppOptions, type TaskAppOptions } from './app-options';
import { createConsoleLogger } from './console-logger';
import { constructorProblem } from './constructor-problem';
import { discoverTaskClasses } from './discovery';
import { launcherInTheWay } from './launcher';
import { logEvents } from './log-events';
import { logPayloads } from './log-payloads';
import { memoryBroker } from './memory-servers';
import { contractOf, contractsOf, PayloadWiring } from './payload-wiring';
import { createTicking, schedulesInCode } from './schedule-wiring';
import { AppLifecycle, TaskApp } from './task-app';

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
  warnOfOpenTls(options, logger);
  warnOfLauncher(options, catalog, logger);
  const lifecycle = new AppLifecycle();
  const clock = options.clock ?? systemClock;
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
  const broker = createBroker(options, events);
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
  const consumed = consumedQueues(options, catalog);
  const runEnds = new RunEnds(broker.publisher);
  const loop = new LoopWatch<TaskEvent>(realElapsed, (ms, cause) => {
    const tasks = cause === undefined ? (worker?.runningTasks ?? []) : [cause];
    events.emit('loop:blocked', { blockedMs: Math.round(ms), tasks });
  });
  const worker = createWorker(options, consumed, catalog, broker, events, payloads, {
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

function createBroker(options: ResolvedAppOptions, events: EventBus): Broker {
  const brokerEvents: BrokerEvents = {
    onConnection: (name, state, error, address) => {
      const fastPath = state === 'connected' ? broker.capabilities.fastPath?.on : undefined;
      events.emit('connection:changed', { name, state, address, error, fastPath });
    },
    onSubscription: (queue, state, error) => events.emit('subscription:changed', { queue, state, error }),
    onPublished: (startedAt, error) => tellPublished(events, startedAt, error),
  };
  const clock = options.clock ?? systemClock;
  const [first = ''] = options.url;
  const broker = first.startsWith('memory:')
    ? memoryBroker(first, clock, brokerEvents)
    : createAmqpBroker({
        url: options.url,
        name: options.name,
        heartbeatSeconds: options.heartbeatSeconds,
        connectTimeoutMs: options.connectTimeoutMs,
        publishTimeoutMs: options.publishTimeoutMs,
        maxInFlight: options.maxInFlight,
        maxWaiting: options.maxWaiting,
        maxPendingBytes: options.maxPendingBytes,
        maxConsumerConnections: options.maxConsumerConnections,
        fastPath: options.fastPath,
        ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
        ...(options.tls === undefined ? {} : { tls: options.tls }),
        events: brokerEvents,
      });
  return broker;
}

/** For every message: nothing is measured that nobody hears. */
function tellPublished(events: EventBus, startedAt: number, error: Error | undefined): void {
  if (!events.has(error === undefined ? 'publish:confirmed' : 'publish:failed')) return;
  const durationMs = realElapsed() - startedAt;
  if (error === undefined) events.emit('publish:confirmed', { durationMs });
  else events.emit('publish:failed', { durationMs, error: describeThrown(error) });
}

/** What a worker has beside its queues and its broker. */
interface WorkerWiring {
  readonly tracer: TaskTracer | undefined;
  readonly logger: Logger;
  readonly runEnds: RunEnds;
  readonly sender: TaskSender;
  readonly loop: LoopWatch<TaskEvent>;
}

function createWorker(
  options: ResolvedAppOptions,
  queues: readonly QueueDefinition[],
  catalog: TaskCatalog,
  broker: Broker,
  events: EventBus,
  payloads: PayloadWiring,
  { tracer, logger, runEnds, sender, loop }: WorkerWiring,
): Worker | undefined {
  if (queues.length === 0) return undefined;
  const clock = options.clock ?? systemClock;
  if (options.resolver === undefined) refuseConstructorParameters(queues, catalog);
  const resolver = options.resolver ?? createDefaultResolver();
  const middleware =
    options.logPayload === undefined ? options.middleware : [logPayloads(options.logPayload), ...options.middleware];
  const tasks = catalog.tasks.map((definition) =>
    prepareTask(definition, payloads.received(definition.payload).check, middleware, resolver),
  );
  const overruns = new Overruns(clock, events);
  const endedAttempts = new EndedAttempts(clock);
  const skew = new ClockSkew(clock);
  const timeoutsOf = (queue: string) => catalog.tasksOf(queue).map(({ timeoutMs }) => timeoutMs);
  return new Worker({
    broker,
    events,
    clock,
    queues,
    overruns,
    alibis: new Alibis(broker, clock),
    marks: new TrialMarks(broker, clock),
    endedAttempts,
    skew,
    calm: () => loop.calm,
    longestUnsettledMs: (queue) => longestUnsettledMs(queue, timeoutsOf(queue.name), options.publishTimeoutMs),
    processor: new DeliveryProcessor({
      dispatcher: new Dispatcher(tasks),
      decode: (message) => payloads.codecs.decode(message),
      resolver,
      events,
      clock,
      newId: randomUUID,
      tracer,
      logger,
      sender,
      overruns,
      skew,
      onLongTurn: (cause) => loop.look(cause),
    }),
    settler: new Settler({
      publisher: broker.publisher,
      events,
      clock,
      random: Math.random,
      keepUnknownTasksMs: options.keepUnknownTasksMs,
      endedAttempts,
      onAwaitedEnd: (schedule, id) => runEnds.tell(schedule, id),
    }),
  });
}

/** @throws ConfigurationError for handler classes whose constructor needs what nobody gives. */
function refuseConstructorParameters(queues: readonly QueueDefinition[], catalog: TaskCatalog): void {
  const types = new Set(queues.flatMap(({ name }) => catalog.tasksOf(name).map(({ handler }) => handler.type)));
  const problems = [...types].flatMap((type) => constructorProblem(type) ?? []);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

/** @throws ConfigurationError when a queue is named that no task has. */
function consumedQueues(
  { consume, concurrency }: ResolvedAppOptions,
  catalog: TaskCatalog,
): readonly QueueDefinition[] {
  return chosenQueues(consume, catalog).map((queue) => withConcurrency(queue, concurrency));
}

/** A prefetch that was not set apart follows the concurrency, as it does where the queue is defined. */
function withConcurrency(queue: QueueDefinition, concurrency: number | undefined): QueueDefinition {
  if (concurrency === undefined) return queue;
  const prefetch = queue.prefetch === queue.concurrency ? concurrency : Math.max(concurrency, queue.prefetch);
  return Object.freeze({ ...queue, concurrency, prefetch });
}

function chosenQueues(consume: boolean | readonly string[], catalog: TaskCatalog): readonly QueueDefinition[] {
  if (typeof consume === 'boolean') return consume ? catalog.queues : [];
  const known = new Map(catalog.queues.map((queue) => [queue.name, queue]));
  const unknown = consume.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const choices = [...known.keys()].join(', ');
    throw new ConfigurationError(
      unknown.map((name) => `consume names the queue "${name}", which no task has; there are: ${choices}`),
    );
  }
  return catalog.queues.filter((queue) => consume.includes(queue.name));
}

function loggerOf(logger: ResolvedAppOptions['logger']): Logger {
  if (logger === false) return SILENT_LOGGER;
  return typeof logger === 'string' ? createConsoleLogger(logger) : logger;
}

function warnOfLauncher(options: ResolvedAppOptions, catalog: TaskCatalog, logger: Logger): void {
  if (!(options.handleSignals ?? consumedQueues(options, catalog).length > 0)) return;
  const startedBy = launcherInTheWay(process.env, process.stdin.isTTY || process.stderr.isTTY);
  if (startedBy === undefined) return;
  logger.warn(
    { startedBy },
    `SIGTERM may not arrive here: ${startedBy} started this process through a shell, which does not pass it on. Start it with node itself: node dist/worker.js, or node node_modules/warren/dist/cli/main.js worker`,
  );
}

function warnOfOpenTls({ tls }: ResolvedAppOptions, logger: Logger): void {
  if (tls?.rejectUnauthorized !== false) return;
  logger.warn(
    { option: 'tls.rejectUnauthorized' },
    "the broker's certificate is not verified: whoever stands in between can read passwords and tasks",
  );
}
