import type { ChannelModel } from 'amqplib';
import type { QueueDeletion, QueueState } from '../../broker/broker';
import { TopologyConflictError } from '../../errors/broker-errors';
import type { QueueType } from '../../task/definition';
import type { TopologyDifference } from '../../topology/compare';
import type { BindingSpec, ExchangeSpec, QueueSpec, Topology } from '../../topology/topology';
import { onOwnChannel } from '../connect/channels';
import { channelError, channelFailure } from '../connect/error-mapping';
import { applyTopology } from '../topology/apply-topology';

const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;
/** Of an exchange that others declare at the same time. */
const MAX_REPLACEMENTS = 5;

export async function queueState(model: ChannelModel, queue: string): Promise<QueueState | undefined> {
  try {
    const { messageCount, consumerCount } = await onOwnChannel(model, (channel) => channel.checkQueue(queue));
    return { ready: messageCount, consumers: consumerCount };
  } catch (error) {
    if (channelFailure(error).code === NOT_FOUND) return undefined;
    throw channelError(error, `look for queue "${queue}"`);
  }
}

/** Declaring what is there already changes nothing, and says what is different. What is missing is never declared. */
export async function inspectTopology(
  model: ChannelModel,
  { exchanges, queues }: Topology,
): Promise<readonly TopologyDifference[]> {
  const found: TopologyDifference[] = [];
  for (const spec of exchanges) found.push(...(await inspectExchange(model, spec)));
  for (const spec of queues) found.push(...(await inspectQueue(model, spec)));
  return found;
}

async function inspectExchange(model: ChannelModel, spec: ExchangeSpec): Promise<readonly TopologyDifference[]> {
  const { name } = spec;
  try {
    await onOwnChannel(model, (channel) => channel.checkExchange(name));
  } catch (error) {
    if (channelFailure(error).code === NOT_FOUND) return [{ kind: 'missing', entity: 'exchange', name }];
    throw channelError(error, `look for exchange "${name}"`);
  }
  return spec.declare ? conflictOf(model, { exchanges: [spec], queues: [], bindings: [] }) : [];
}

async function inspectQueue(model: ChannelModel, spec: QueueSpec): Promise<readonly TopologyDifference[]> {
  const { name } = spec;
  if ((await queueState(model, name)) === undefined) return [{ kind: 'missing', entity: 'queue', name }];
  return conflictOf(model, { exchanges: [], queues: [spec], bindings: [] });
}

async function conflictOf(model: ChannelModel, one: Topology): Promise<readonly TopologyDifference[]> {
  try {
    await applyTopology(model, one, 'assert', { exact: true });
    return [];
  } catch (error) {
    if (!(error instanceof TopologyConflictError)) throw error;
    return [{ kind: 'different', entity: error.kind, name: error.entity, differences: error.differences }];
  }
}

export async function unbindAll(model: ChannelModel, bindings: readonly BindingSpec[]): Promise<void> {
  await onOwnChannel(model, async (channel) => {
    for (const { source, destination, destinationType, routingKey } of bindings) {
      if (destinationType === 'queue') await channel.unbindQueue(destination, source, routingKey);
      else await channel.unbindExchange(destination, source, routingKey);
    }
  });
}

export async function deleteUnused(model: ChannelModel, queue: string, type: QueueType): Promise<QueueDeletion> {
  const state = await queueState(model, queue);
  if (state === undefined) return { kind: 'missing' };
  if (state.ready > 0 || state.consumers > 0) return { kind: 'in-use' };
  // RabbitMQ closes the whole connection (540) over these two on a quorum queue.
  const conditions = type === 'classic' ? { ifUnused: true, ifEmpty: true } : {};
  try {
    const { messageCount } = await onOwnChannel(model, (channel) => channel.deleteQueue(queue, conditions));
    return { kind: 'deleted', lost: messageCount };
  } catch (error) {
    if (channelFailure(error).code === PRECONDITION_FAILED) return { kind: 'in-use' };
    throw error;
  }
}

/** One channel for the whole of it: the exchange is away for as long as three answers take. */
export async function replaceExchange(
  model: ChannelModel,
  spec: ExchangeSpec,
  bindings: readonly BindingSpec[],
): Promise<void> {
  const one = { exchanges: [spec], queues: [], bindings: [] };
  for (let attempt = 1; ; attempt++) {
    try {
      await onOwnChannel(model, (channel) => channel.deleteExchange(spec.name));
      await applyTopology(model, { ...one, bindings }, 'assert', { exact: true });
      return;
    } catch (error) {
      // A worker of an earlier version that missed it has declared it in between.
      if (!(error instanceof TopologyConflictError) || attempt === MAX_REPLACEMENTS) throw error;
    }
  }
}
