import type { OptionReader } from '../options/option-reader';
import type { ExchangeType, QueueBinding } from '../task/definition';
import { nameProblem } from '../task/names';
import { reservedExchangeProblem } from '../task/reserved-names';
import { readRoutingKeys } from './routing-keys';
import type { QueueBindingOption } from './task-queue-options';

export const BINDING_KEYS = [
  'exchange',
  'type',
  'routingKey',
  'declare',
] as const satisfies readonly (keyof QueueBindingOption)[];
const EXCHANGE_TYPES = ['topic', 'direct', 'fanout', 'headers'] as const satisfies readonly ExchangeType[];
const MAX_EXCHANGE_NAME_BYTES = 255;

/** What the option `bindings` asks for: a binding for each routing key. */
export function parseBindings(options: OptionReader): readonly QueueBinding[] {
  const values = options.list('bindings', 'an array') ?? [];
  return values.flatMap((value, index) => parseBinding(options.nested(`bindings[${index}]`, value)));
}

function parseBinding(reader: OptionReader | undefined): readonly QueueBinding[] {
  if (reader === undefined) return [];
  reader.refuseUnknown(BINDING_KEYS);
  const exchange = readExchange(reader);
  const type =
    reader.value('type') === undefined ? reader.refuse('type', 'given') : reader.oneOf('type', EXCHANGE_TYPES);
  const routingKeys = readBindingKeys(reader, type);
  const declare = readDeclare(reader, exchange);
  if (exchange === undefined || type === undefined) return [];
  return routingKeys.map((routingKey) => Object.freeze({ exchange, type, routingKey, declare }));
}

function readExchange(reader: OptionReader): string | undefined {
  const exchange = reader.value('exchange');
  const problem =
    nameProblem(exchange, reader.path('exchange'), MAX_EXCHANGE_NAME_BYTES) ??
    reservedExchangeProblem(exchange as string, reader.path('exchange'));
  reader.note(problem);
  return problem === undefined ? (exchange as string) : undefined;
}

function readBindingKeys(reader: OptionReader, type: ExchangeType | undefined): readonly string[] {
  const needsKey = type === 'topic' || type === 'direct';
  if (!needsKey) return readRoutingKeys(reader) ?? [''];
  const keys = reader.value('routingKey') === undefined ? [] : readRoutingKeys(reader);
  if (keys?.length === 0)
    reader.refuse('routingKey', `given for a ${type} exchange (for topic, "#" lets everything in)`);
  return keys ?? [];
}

/** The broker refuses to declare `amq.*` exchanges (403 ACCESS_REFUSED); those that exist are its own, and always there. */
function readDeclare(reader: OptionReader, exchange: string | undefined): boolean {
  const isBrokers = exchange?.startsWith('amq.') ?? false;
  const declare = reader.flag('declare') ?? !isBrokers;
  if (isBrokers && declare) reader.refuse('declare', `left out or false for "${exchange}", which is the broker's own`);
  return declare;
}
