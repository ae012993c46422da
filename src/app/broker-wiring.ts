import { createAmqpBroker } from '../amqp/amqp-broker';
import type { Broker, BrokerEvents } from '../broker/broker';
import { describeThrown } from '../errors/describe-thrown';
import type { EventBus } from '../events/event-bus';
import { realElapsed } from '../time/real-timers';
import { systemClock } from '../time/system-clock';
import type { ResolvedAppOptions } from './app-options';
import { memoryBroker } from './memory-servers';

/** The broker that the options name, whose events the app's listeners get. */
export function createBroker(options: ResolvedAppOptions, events: EventBus): Broker {
  const brokerEvents: BrokerEvents = {
    onConnection: (name, state, error, address) => {
      const fastPath = state === 'connected' ? broker.capabilities.fastPath?.on : undefined;
      events.emit('connection:changed', { name, state, address, error, fastPath });
    },
    onSubscription: (queue, state, error) => events.emit('subscription:changed', { queue, state, error }),
    onPublished: (startedAt, error) => tellPublished(events, startedAt, error),
  };
  const clock = options.clock ?? systemClock;
  const [first = ''] = options.url;
  const broker = first.startsWith('memory:')
    ? memoryBroker(first, clock, brokerEvents)
    : createAmqpBroker({
        url: options.url,
        name: options.name,
        heartbeatSeconds: options.heartbeatSeconds,
        connectTimeoutMs: options.connectTimeoutMs,
        publishTimeoutMs: options.publishTimeoutMs,
        maxInFlight: options.maxInFlight,
        maxWaiting: options.maxWaiting,
        maxPendingBytes: options.maxPendingBytes,
        maxConsumerConnections: options.maxConsumerConnections,
        fastPath: options.fastPath,
        ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
        ...(options.tls === undefined ? {} : { tls: options.tls }),
        events: brokerEvents,
      });
  return broker;
}

/** For every message: nothing is measured that nobody hears. */
function tellPublished(events: EventBus, startedAt: number, error: Error | undefined): void {
  if (!events.has(error === undefined ? 'publish:confirmed' : 'publish:failed')) return;
  const durationMs = realElapsed() - startedAt;
  if (error === undefined) events.emit('publish:confirmed', { durationMs });
  else events.emit('publish:failed', { durationMs, error: describeThrown(error) });
}
