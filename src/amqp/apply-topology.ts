import type { Channel, ChannelModel } from 'amqplib';
import type { TopologyMode } from '../broker/broker';
import { type ArgumentDifference, TopologyConflictError, TopologyMissingError } from '../errors/broker-errors';
import type { ArgumentValue, BindingSpec, ExchangeSpec, QueueSpec, Topology } from '../topology/topology';
import { answered, closeChannel, openChannel } from './channels';
import { channelError, channelFailure } from './error-mapping';

const RPC_TIMEOUT_MS = 30_000;
/** amqplib sends one declare at a time on a channel; a few channels keep the broker busy. */
const PARALLEL_CHANNELS = 4;
/** How many differing arguments of one queue are asked for. */
const MAX_DIFFERENCES = 12;

type Step = (channel: Channel) => Promise<unknown>;

/**
 * Declares a plan, or looks for it. Works on channels of its own, which a 404 or 406 may close: no channel that
 * publishes or consumes is ever at risk.
 *
 * @throws TopologyConflictError when something exists with other settings.
 * @throws TopologyMissingError when something that is only looked for is missing; all that can be declared is, by then.
 * @throws AccessRefusedError when the user may not.
 */
export async function applyTopology(model: ChannelModel, topology: Topology, mode: TopologyMode): Promise<void> {
  if (mode === 'off') return;
  const missing: string[] = [];
  const declare = mode === 'assert';
  const { exchanges, queues, bindings } = topology;
  await eachOnOwnChannel(model, exchanges, (spec) =>
    declare && spec.declare ? declareExchange(model, spec) : lookForExchange(spec, missing),
  );
  await eachOnOwnChannel(model, queues, (spec) => (declare ? declareQueue(model, spec) : lookForQueue(spec, missing)));
  // Before what is missing is told: an exchange of others that is gone must not keep the rest from being bound again.
  const absent = new Set(missing);
  const possible = bindings.filter(({ source }) => !absent.has(exchangeLabel(source)));
  if (declare) await eachOnOwnChannel(model, possible, bind);
  if (missing.length > 0) throw new TopologyMissingError(missing.sort());
}

const exchangeLabel = (name: string): string => `exchange "${name}"`;

async function eachOnOwnChannel<T>(model: ChannelModel, items: readonly T[], step: (item: T) => Step): Promise<void> {
  const queue = [...items];
  const workers = Array.from({ length: Math.min(PARALLEL_CHANNELS, queue.length) }, () => workOff(model, queue, step));
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

interface ThrowawayChannel {
  closed(): boolean;
  run<T>(step: (channel: Channel) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

async function throwawayChannel(model: ChannelModel): Promise<ThrowawayChannel> {
  const channel = await openChannel(model);
  let closed = false;
  channel.on('close', () => {
    closed = true;
  });
  return {
    closed: () => closed,
    run: (step) => answered(step(channel), RPC_TIMEOUT_MS),
    close: async () => {
      if (!closed) await closeChannel(channel);
    },
  };
}

const declareExchange =
  (model: ChannelModel, spec: ExchangeSpec): Step =>
  (channel) =>
    channel
      .assertExchange(spec.name, spec.type, { durable: true, arguments: { ...spec.arguments } })
      .catch((error: unknown) => conflict(model, 'exchange', spec, error));

const declareQueue =
  (model: ChannelModel, spec: QueueSpec): Step =>
  (channel) =>
    channel
      .assertQueue(spec.name, { durable: true, arguments: { ...spec.arguments } })
      .catch((error: unknown) => conflict(model, 'queue', spec, error));

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

/** Turns a 406 into an error that shows every differing argument; anything else goes on as it is. */
async function conflict(
  model: ChannelModel,
  kind: 'queue' | 'exchange',
  spec: ExchangeSpec | QueueSpec,
  error: unknown,
): Promise<never> {
  const failure = channelFailure(error);
  if (failure.code !== 406) throw channelError(error, `declare ${kind} "${spec.name}"`);
  const differences = await findDifferences(model, kind, spec, failure.text);
  throw new TopologyConflictError(
    kind,
    spec.name,
    differences,
    conflictText(kind, spec.name, differences, failure.text),
  );
}

function conflictText(
  kind: string,
  name: string,
  differences: readonly ArgumentDifference[],
  brokerText: string,
): string {
  const shown = (value: unknown): string => (value === undefined ? '(absent)' : JSON.stringify(value));
  const rows = differences.map((d) => `  ${d.field}: planned ${shown(d.wanted)}, on the broker ${shown(d.actual)}`);
  const table = rows.length > 0 ? `\n${rows.join('\n')}\n` : `The broker says: ${brokerText}. `;
  return (
    `${table}Nothing was changed. Either make the options fit the broker, or let the ${kind} run empty, delete it ` +
    `(rabbitmqctl delete_queue ${name}) and start again; topology mode "verify" or "off" starts without declaring.`
  );
}

/**
 * The broker names one differing argument at a time. Asking again with that argument set to the broker's own value
 * brings out the next one; the queue exists, so an equal declare at the end changes nothing.
 */
async function findDifferences(
  model: ChannelModel,
  kind: 'queue' | 'exchange',
  spec: ExchangeSpec | QueueSpec,
  firstText: string,
): Promise<readonly ArgumentDifference[]> {
  const probed: Record<string, ArgumentValue> = { ...spec.arguments };
  const differences: ArgumentDifference[] = [];
  let text: string | undefined = firstText;
  while (text !== undefined && differences.length < MAX_DIFFERENCES) {
    const found = readDifference(text, probed);
    // The same field again: our reading of it was wrong, and asking on would never end.
    if (found === undefined || differences.some(({ field }) => field === found.field)) break;
    differences.push({ field: found.field, wanted: wantedValue(spec, found.field), actual: found.actual });
    // Only a queue's arguments can be probed: other fields, such as its durability, are no arguments.
    if (kind === 'exchange' || !found.field.startsWith('x-')) break;
    if (found.actual === undefined) delete probed[found.field];
    else probed[found.field] = found.actual;
    text = await probeQueue(model, spec.name, probed);
  }
  return differences;
}

const wantedValue = (spec: ExchangeSpec | QueueSpec, field: string): unknown =>
  field === 'type' && 'type' in spec ? spec.type : spec.arguments[field];

/** `undefined` when the broker accepts the arguments, its objection otherwise. */
async function probeQueue(
  model: ChannelModel,
  name: string,
  args: Readonly<Record<string, ArgumentValue>>,
): Promise<string | undefined> {
  const channel = await throwawayChannel(model);
  try {
    // Never declares a queue that went away meanwhile: the passive check comes first and fails.
    await channel.run((c) => c.checkQueue(name));
    await channel.run((c) => c.assertQueue(name, { durable: true, arguments: { ...args } }));
    return undefined;
  } catch (error) {
    const failure = channelFailure(error);
    return failure.code === 406 ? failure.text : undefined;
  } finally {
    await channel.close();
  }
}

/**
 * RabbitMQ: `inequivalent arg 'x-overflow' for queue 'q' in vhost '/': received 'a' but current is 'b'` where both are of
 * one type, else `received the value '5' of type 'byte' but current is none`.
 */
function readDifference(
  text: string,
  sent: Readonly<Record<string, ArgumentValue>>,
): { readonly field: string; readonly actual: ArgumentValue | undefined } | undefined {
  const [, field, current] = /inequivalent arg '([^']+)' for .*? but current is (.*)$/s.exec(text) ?? [];
  if (field === undefined || current === undefined) return undefined;
  const [, value, type] = /^(?:the value )?'(.*?)'(?: of type '(\w+)')?/s.exec(current) ?? [];
  return { field, actual: value === undefined ? undefined : typedValue(value, type ?? typeof sent[field]) };
}

/** @param type - AMQP's name of it, or JavaScript's. */
function typedValue(value: string, type: string): ArgumentValue {
  if (type === 'bool' || type === 'boolean') return value === 'true';
  const numeric = type !== 'longstr' && type !== 'string' && type !== 'undefined';
  return numeric && Number.isFinite(Number(value)) ? Number(value) : value;
}
