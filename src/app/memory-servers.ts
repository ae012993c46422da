import type { Broker, BrokerEvents } from '../broker/broker';
import { MemoryServer } from '../memory/memory-server';
import type { Clock } from '../time/clock';

/** Embedded brokers that several apps of this process share by name. They live as long as the process. */
const shared = new Map<string, MemoryServer>();

/** The broker behind a `memory:` URL: `memory:` is a new one, `memory:name` is shared. The first user of a name gives it its clock. */
export function memoryBroker(url: string, clock: Clock, events: BrokerEvents): Broker {
  const name = url.slice('memory:'.length);
  if (name === '') return new MemoryServer({ clock }).connect({ events });
  return sharedServer(name, clock).connect({ events });
}

/** The embedded broker of a name, which is there from its first use on. */
export function sharedServer(name: string, clock: Clock): MemoryServer {
  const server = shared.get(name) ?? new MemoryServer({ clock });
  shared.set(name, server);
  return server;
}
