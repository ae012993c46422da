import { ConfigurationError } from '../errors/configuration-error';
import type { QueueDefinition } from '../task/definition';
import { effectiveRoutingKey, foreignExchange } from './foreign-exchange';
import { homeBindingKey } from './ladder';
import { planLadderEnds, planLevels } from './ladder-plan';
import {
  DEAD_EXCHANGE,
  DELAY_DELIVER_EXCHANGE,
  deadQueueName,
  SCHEDULES_QUEUE,
  SCHEDULES_VIEW,
  suspectQueueName,
} from './names';
import { bindingIdentity, compareBindings, compareNames, compareText } from './order';
import { planProblems } from './plan-problems';
import {
  homeQueueArguments,
  keptQueueArguments,
  SCHEDULES_ARGUMENTS,
  SCHEDULES_VIEW_ARGUMENTS,
  suspectQueueArguments,
} from './queue-arguments';
import type { Arguments, BindingSpec, Topology } from './topology';

/** What a topology is planned from. */
export interface PlanInput {
  /** The same queue may stand here more than once, with other bindings each time. */
  readonly queues: readonly QueueDefinition[];
  /** Whether there are schedules. @defaultValue `false` */
  readonly schedules?: boolean;
}

/**
 * Everything that is to stand on the broker: the queues with their dead-letter queues, the exchanges they are bound to,
 * and the whole delay ladder, always. The result is sorted, without doubles and deeply frozen.
 *
 * @throws ConfigurationError when names collide or two definitions ask for one name with different settings; it lists all of them.
 */
export function planTopology({ queues, schedules = false }: PlanInput): Topology {
  const problems = planProblems(queues);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const dead: Topology = {
    exchanges: [{ name: DEAD_EXCHANGE, type: 'direct', arguments: {}, declare: true }],
    queues: [],
    bindings: [],
  };
  const parts = [dead, planLevels(), planLadderEnds(), ...(schedules ? [SCHEDULES] : []), ...queues.map(planQueue)];
  return Object.freeze({
    exchanges: freezeNamed(parts.flatMap((part) => part.exchanges)),
    queues: freezeNamed(parts.flatMap((part) => part.queues)),
    bindings: freezeBindings(parts.flatMap((part) => part.bindings)),
  });
}

const SCHEDULES: Topology = {
  exchanges: [],
  queues: [
    { name: SCHEDULES_QUEUE, arguments: SCHEDULES_ARGUMENTS },
    { name: SCHEDULES_VIEW, arguments: SCHEDULES_VIEW_ARGUMENTS },
  ],
  bindings: [],
};

function planQueue(queue: QueueDefinition): Topology {
  const { name, bindings } = queue;
  const dead = deadQueueName(name);
  const toQueue = (source: string, destination: string, routingKey: string): BindingSpec => ({
    source,
    destination,
    destinationType: 'queue',
    routingKey,
  });
  return {
    exchanges: bindings.map(foreignExchange),
    queues: [
      { name, arguments: homeQueueArguments(queue) },
      { name: dead, arguments: keptQueueArguments(queue.type) },
      { name: suspectQueueName(name), arguments: suspectQueueArguments(queue) },
    ],
    bindings: [
      toQueue(DEAD_EXCHANGE, dead, name),
      toQueue(DELAY_DELIVER_EXCHANGE, name, homeBindingKey(name)),
      ...bindings.map((binding) => toQueue(binding.exchange, name, effectiveRoutingKey(binding))),
    ],
  };
}

/** Of one name, the first is as good as any: those that disagree have been refused. */
function freezeNamed<T extends { readonly name: string; readonly arguments: Arguments }>(
  specs: readonly T[],
): readonly T[] {
  const unique = new Map(specs.map((spec) => [spec.name, spec]));
  const sorted = [...unique.values()].sort(compareNames);
  return Object.freeze(sorted.map((spec) => Object.freeze({ ...spec, arguments: freezeArguments(spec.arguments) })));
}

function freezeArguments(args: Arguments): Arguments {
  return Object.freeze(Object.fromEntries(Object.entries(args).sort(([a], [b]) => compareText(a, b))));
}

function freezeBindings(bindings: readonly BindingSpec[]): readonly BindingSpec[] {
  const unique = new Map(bindings.map((binding) => [bindingIdentity(binding), binding]));
  const sorted = [...unique.values()].sort(compareBindings);
  return Object.freeze(sorted.map((binding) => Object.freeze({ ...binding })));
}
