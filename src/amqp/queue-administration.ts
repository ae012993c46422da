import type { Channel, ChannelModel } from 'amqplib';
import type { QueueDeletion, QueueState } from '../broker/broker';
import { TopologyConflictError } from '../errors/broker-errors';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import type { QueueType } from '../task/definition';
import type { TopologyDifference } from '../topology/compare';
import type { BindingSpec, ExchangeSpec, QueueSpec, Topology } from '../topology/topology';
import { applyTopology } from './apply-topology';
import { withDeadline } from './deadline';
import { channelFailure } from './error-mapping';

const RPC_TIMEOUT_MS = 10_000;
const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;

/** Runs one step on a channel of its own, which a 404 or 406 may close. */
async function onOwnChannel<T>(model: ChannelModel, step: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await bounded(model.createChannel());
  let closed = false;
  channel.on('error', () => undefined);
  channel.on('close', () => {
    closed = true;
  });
  try {
    return await bounded(step(channel));
  } finally {
    if (!closed) await bounded(channel.close()).catch(() => undefined);
  }
}

const bounded = <T>(promise: Promise<T>): Promise<T> =>
  withDeadline(promise, RPC_TIMEOUT_MS, () => new ConnectionClosedError('the broker did not answer in time'));

export async function queueState(model: ChannelModel, queue: string): Promise<QueueState | undefined> {
  try {
    const { messageCount, consumerCount } = await onOwnChannel(model, (channel) => channel.checkQueue(queue));
    return { ready: messageCount, consumers: consumerCount };
  } catch (error) {
    if (channelFailure(error).code === NOT_FOUND) return undefined;
    throw error;
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
    throw error;
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
    await applyTopology(model, one, 'assert');
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
