import type { Channel, ChannelModel } from 'amqplib';
import type { TopologyMode } from '../../broker/broker';
import { TopologyMissingError } from '../../errors/broker-errors';
import type { BindingSpec, ExchangeSpec, QueueSpec, Topology } from '../../topology/topology';
import { channelError, channelFailure } from '../connect/error-mapping';
import { spareChannels } from '../connect/spare-channels';
import { throwawayChannel } from '../connect/throwaway-channel';
import { Declaring } from './declaring';

/** amqplib sends one declare at a time on a channel; a few channels keep the broker busy. */
const PARALLEL_CHANNELS = 4;

type Step = (channel: Channel) => Promise<unknown>;

/**
 * Declares a plan, or looks for it. Works on channels of its own, which a 404 or 406 may close: no channel that
 * publishes or consumes is ever at risk.
 *
 * @throws TopologyConflictError when something exists with other settings.
 * @throws TopologyMissingError when something that is only looked for is missing; all that can be declared is, by then.
 * @throws AccessRefusedError when the user may not.
 */
export async function applyTopology(
  model: ChannelModel,
  topology: Topology,
  mode: TopologyMode,
  { exact = false }: ApplyOptions = {},
): Promise<void> {
  if (mode === 'off') return;
  const missing: string[] = [];
  const declare = mode === 'assert';
  const { exchanges, queues, bindings } = topology;
  const declaring = new Declaring(model, exact);
  await eachOnOwnChannel(model, exchanges, (spec) =>
    declare && spec.declare ? declaring.exchange(spec) : lookForExchange(spec, missing),
  );
  await eachOnOwnChannel(model, queues, (spec) => (declare ? declaring.queue(spec) : lookForQueue(spec, missing)));
  // Before what is missing is told: an exchange of others that is gone must not keep the rest from being bound again.
  const absent = new Set(missing);
  const possible = bindings.filter(({ source }) => !absent.has(exchangeLabel(source)));
  if (declare) await eachOnOwnChannel(model, possible, bind);
  if (missing.length > 0) throw new TopologyMissingError(missing.sort());
}

export interface ApplyOptions {
  /** Whether what an earlier version declared with other arguments is a conflict, too. @defaultValue `false` */
  readonly exact?: boolean;
}

const exchangeLabel = (name: string): string => `exchange "${name}"`;

async function eachOnOwnChannel<T>(model: ChannelModel, items: readonly T[], step: (item: T) => Step): Promise<void> {
  const queue = [...items];
  const count = Math.min(spareChannels(model, PARALLEL_CHANNELS), queue.length);
  const workers = Array.from({ length: count }, () => workOff(model, queue, step));
  const results = await Promise.allSettled(workers);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function workOff<T>(model: ChannelModel, queue: T[], step: (item: T) => Step): Promise<void> {
  let channel = await throwawayChannel(model);
  try {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      if (channel.closed()) channel = await throwawayChannel(model);
      await channel.run(step(item));
    }
  } finally {
    // The other channels stop early, too: the first failure is told, and nothing goes on behind it.
    queue.length = 0;
    await channel.close();
  }
}

const lookForExchange =
  (spec: ExchangeSpec, missing: string[]): Step =>
  (channel) =>
    channel.checkExchange(spec.name).catch((error: unknown) => noteMissing(error, exchangeLabel(spec.name), missing));

const lookForQueue =
  (spec: QueueSpec, missing: string[]): Step =>
  (channel) =>
    channel.checkQueue(spec.name).catch((error: unknown) => noteMissing(error, `queue "${spec.name}"`, missing));

const bind =
  ({ source, destination, destinationType, routingKey }: BindingSpec): Step =>
  (channel) =>
    (destinationType === 'queue'
      ? channel.bindQueue(destination, source, routingKey)
      : channel.bindExchange(destination, source, routingKey)
    ).catch((error: unknown) => {
      throw channelError(error, `bind ${destinationType} "${destination}" to exchange "${source}"`);
    });

function noteMissing(error: unknown, what: string, missing: string[]): void {
  if (channelFailure(error).code !== 404) throw channelError(error, `look for ${what}`);
  missing.push(what);
}
