import { randomUUID } from 'node:crypto';
import type { Broker } from '../broker/broker';
import type { TaskCatalog } from '../decorators/catalog';
import { ConfigurationError } from '../errors/configuration-error';
import type { EventBus } from '../events/event-bus';
import type { Logger } from '../events/logger';
import type { TaskEvent } from '../events/task-events';
import type { TaskTracer } from '../events/tracer';
import type { LoopWatch } from '../health/loop-watch';
import type { RunEnds } from '../schedule/lead/run-ends';
import type { QueueDefinition } from '../task/definition';
import type { TaskSender } from '../task/task-methods';
import { systemClock } from '../time/system-clock';
import { longestUnsettledMs } from '../topology/ack-timeout';
import { ClockSkew } from '../worker/clock-skew';
import { Alibis } from '../worker/crash-loops/alibis';
import { SoloRuns } from '../worker/crash-loops/solo-runs';
import { TrialMarks } from '../worker/crash-loops/trial-marks';
import { DeliveryProcessor } from '../worker/delivery-processor';
import { Dispatcher } from '../worker/dispatcher';
import { EndedAttempts } from '../worker/ended-attempts';
import { createDefaultResolver } from '../worker/handler-resolver';
import { Overruns } from '../worker/overruns';
import { prepareTask } from '../worker/prepare-task';
import { Settler } from '../worker/settler';
import { Worker } from '../worker/worker';
import type { ResolvedAppOptions } from './app-options';
import { constructorProblem } from './constructor-problem';
import { logPayloads } from './log-payloads';
import type { PayloadWiring } from './payload-wiring';

/** What a worker has beside its queues and its broker. */
export interface WorkerWiring {
  readonly tracer: TaskTracer | undefined;
  readonly logger: Logger;
  readonly runEnds: RunEnds;
  readonly sender: TaskSender;
  readonly loop: LoopWatch<TaskEvent>;
}

/** The worker of these queues, or `undefined` where there are none. */
export function createWorker(
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
  const skew = new ClockSkew(clock, (clocks, aheadMs) => events.emit('clock:skewed', { clocks, aheadMs }));
  const timeoutsOf = (queue: string) => catalog.tasksOf(queue).map(({ timeoutMs }) => timeoutMs);
  const processor = new DeliveryProcessor({
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
  });
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
    processor,
    soloRuns: new SoloRuns(() => processor.runningCount + overruns.size, clock),
    settler: new Settler({
      publisher: broker.publisher,
      events,
      clock,
      random: Math.random,
      keepUnknownTasksMs: options.keepUnknownTasksMs,
      endedAttempts,
      skew,
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
