import { argumentDifferences, compareTopology } from '../../../src/topology/compare';
import { planTopology } from '../../../src/topology/plan';
import type { BindingSpec, ExchangeSpec, Topology } from '../../../src/topology/topology';
import { boundTo, homeQueue } from './home-queue';

const wanted = planTopology({
  queues: [
    homeQueue('emails'),
    homeQueue('billing', { bindings: [boundTo('shop', { routingKey: 'order.*' }), boundTo('amq.topic')] }),
  ],
});

const without = (name: string): Topology => ({
  exchanges: wanted.exchanges.filter((exchange) => exchange.name !== name),
  queues: wanted.queues.filter((queue) => queue.name !== name),
  bindings: wanted.bindings.filter(({ source, destination }) => source !== name && destination !== name),
});

function withExchange(name: string, settings: Partial<ExchangeSpec>): Topology {
  const exchanges = wanted.exchanges.map((exchange) =>
    exchange.name === name ? { ...exchange, ...settings } : exchange,
  );
  return { ...wanted, exchanges };
}

function withQueueArguments(name: string, args: Record<string, string | number>): Topology {
  const queues = wanted.queues.map((queue) => (queue.name === name ? { name, arguments: args } : queue));
  return { ...wanted, queues };
}

it('finds nothing where all is as planned, in whatever order it is listed', () => {
  const { exchanges, queues, bindings } = wanted;
  const reversed = { exchanges: exchanges.toReversed(), queues: queues.toReversed(), bindings: bindings.toReversed() };
  expect(compareTopology(wanted, reversed)).toEqual([]);
});

it('tells what is missing: exchanges, queues, bindings', () => {
  const actual = { ...without('emails'), exchanges: without('shop').exchanges };
  expect(compareTopology(wanted, actual)).toEqual([
    { kind: 'missing', entity: 'exchange', name: 'shop' },
    { kind: 'missing', entity: 'queue', name: 'emails' },
    { kind: 'missing', entity: 'binding', name: 'warren.delay.deliver → emails (*{31}.emails)' },
  ]);
});

it('tells what is there beyond the plan', () => {
  expect(compareTopology(without('shop'), wanted)).toEqual([
    { kind: 'extra', entity: 'exchange', name: 'shop' },
    { kind: 'extra', entity: 'binding', name: 'shop → billing (order.*)' },
  ]);
});

it('tells bindings apart by their key and by what kind of thing they lead to', () => {
  const own: BindingSpec = { source: 'shop', destination: 'billing', destinationType: 'queue', routingKey: 'order.*' };
  const actual = wanted.bindings.map((binding) =>
    binding.source === 'shop' ? { ...own, destinationType: 'exchange' as const } : binding,
  );
  expect(compareTopology(wanted, { ...wanted, bindings: actual })).toEqual([
    { kind: 'extra', entity: 'binding', name: 'shop → exchange billing (order.*)' },
    { kind: 'missing', entity: 'binding', name: 'shop → billing (order.*)' },
  ]);
});

it('does not call extra what every vhost has', () => {
  const actual: Topology = {
    queues: wanted.queues,
    exchanges: [
      ...wanted.exchanges,
      { name: '', type: 'direct', arguments: {}, declare: false },
      { name: 'amq.direct', type: 'direct', arguments: {}, declare: false },
    ],
    bindings: [
      ...wanted.bindings,
      { source: '', destination: 'emails', destinationType: 'queue', routingKey: 'emails' },
    ],
  };
  expect(compareTopology(wanted, actual)).toEqual([]);
});

it('misses an exchange of the broker that is looked for', () => {
  const exchanges = wanted.exchanges.filter(({ name }) => name !== 'amq.topic');
  expect(compareTopology(wanted, { ...wanted, exchanges })).toEqual([
    { kind: 'missing', entity: 'exchange', name: 'amq.topic' },
  ]);
});

it('shows a queue with other arguments field by field', () => {
  const args = { 'x-queue-type': 'classic', 'x-max-length': 5 };
  expect(compareTopology(wanted, withQueueArguments('emails.dead', args))).toEqual([
    {
      kind: 'different',
      entity: 'queue',
      name: 'emails.dead',
      differences: [
        { field: 'x-delivery-limit', wanted: 1_000_000, actual: undefined },
        { field: 'x-max-length', wanted: undefined, actual: 5 },
        { field: 'x-queue-type', wanted: 'quorum', actual: 'classic' },
      ],
    },
  ]);
});

it('shows an exchange with another type or other arguments', () => {
  const actual = withExchange('warren.delay.deliver', { type: 'direct', arguments: {} });
  expect(compareTopology(wanted, actual)).toEqual([
    {
      kind: 'different',
      entity: 'exchange',
      name: 'warren.delay.deliver',
      differences: [
        { field: 'type', wanted: 'topic', actual: 'direct' },
        { field: 'alternate-exchange', wanted: 'warren.delay.unrouted', actual: undefined },
      ],
    },
  ]);
});

it('compares the type of an exchange that it only looks for, and leaves its arguments to its owner', () => {
  expect(compareTopology(wanted, withExchange('amq.topic', { arguments: { 'x-own': 1 } }))).toEqual([]);
  expect(compareTopology(wanted, withExchange('amq.topic', { type: 'direct' }))).toHaveLength(1);
});

it('sees arguments that are named like properties of every object', () => {
  const hostile = JSON.parse('{"__proto__": 1, "constructor": 2}');
  expect(argumentDifferences({}, hostile)).toEqual([
    { field: '__proto__', wanted: undefined, actual: 1 },
    { field: 'constructor', wanted: undefined, actual: 2 },
  ]);
});
