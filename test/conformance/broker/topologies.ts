import type { Arguments, BindingSpec, ExchangeSpec, QueueSpec, Topology } from '../../../src/topology/topology';

/** A plan in small: what is left out is empty. */
export function topology(parts: Partial<Topology>): Topology {
  return { exchanges: [], queues: [], bindings: [], ...parts };
}

export function quorumQueue(name: string, args: Arguments = {}): QueueSpec {
  return { name, arguments: { 'x-queue-type': 'quorum', ...args } };
}

export function classicQueue(name: string, args: Arguments = {}): QueueSpec {
  return { name, arguments: { 'x-queue-type': 'classic', ...args } };
}

export function exchange(name: string, type: ExchangeSpec['type'], args: Arguments = {}): ExchangeSpec {
  return { name, type, arguments: args, declare: true };
}

export function toQueue(source: string, destination: string, routingKey = ''): BindingSpec {
  return { source, destination, destinationType: 'queue', routingKey };
}

export function toExchange(source: string, destination: string, routingKey = ''): BindingSpec {
  return { source, destination, destinationType: 'exchange', routingKey };
}
