import type { ChannelModel } from 'amqplib';
import { type ArgumentDifference, TopologyConflictError } from '../../errors/broker-errors';
import type { ArgumentValue, ExchangeSpec, QueueSpec } from '../../topology/topology';
import { channelError, channelFailure } from '../connect/error-mapping';
import { throwawayChannel } from '../connect/throwaway-channel';

/** How many differing arguments of one queue are asked for. */
const MAX_DIFFERENCES = 12;

/** Turns a 406 into an error that shows every differing argument; anything else goes on as it is. */
export async function conflict(
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
    `${table}Nothing was changed. Either make the options fit the broker, or ${remedy(kind, name, brokerText)}; ` +
    `topology mode "verify" or "off" starts without declaring.`
  );
}

/** The virtual host is in the broker's own text: the connection does not know it. */
function remedy(kind: string, name: string, brokerText: string): string {
  const [, vhost] = / in vhost '(.*?)':/s.exec(brokerText) ?? [];
  const where = vhost === undefined ? 'in its virtual host' : `in the virtual host "${vhost}"`;
  if (kind === 'exchange') {
    return `delete the exchange "${name}" ${where} while nobody publishes to it, and start again`;
  }
  const option = vhost === undefined ? '' : `-p ${shellWord(vhost)} `;
  return (
    `move the queue to the new arguments, with its messages: "warren topology migrate ${shellWord(name)}" ${where}. ` +
    `Or let it run empty, delete it (rabbitmqctl delete_queue ${option}${shellWord(name)}) and start again`
  );
}

/** A name as a shell takes it for one word. */
const shellWord = (name: string): string => (/^[\w./:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);

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
