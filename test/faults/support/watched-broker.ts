import { type AmqpBrokerOptions, createAmqpBroker } from '../../../src/amqp/amqp-broker';
import type { Broker, ConnectionState, SubscriptionState } from '../../../src/broker/broker';
import { quorumQueue, topology } from '../../conformance/broker/topologies';
import { uniqueName } from '../../support/apps';
import { bounded, eventually } from '../../support/bounded';

interface Change<S> {
  readonly subject: string;
  readonly state: S;
  readonly error: Error | undefined;
  /** Of a connection: the host. */
  readonly address?: string | undefined;
}

/** A broker that remembers what it told. Times are short, so that a fault is noticed while a test waits. */
export interface WatchedBroker {
  readonly broker: Broker;
  readonly connections: readonly Change<ConnectionState>[];
  readonly subscriptions: readonly Change<SubscriptionState>[];
  /** Waits until the last thing told of every connection is this state. */
  connectionsBecome(state: ConnectionState): Promise<void>;
  subscriptionBecomes(state: SubscriptionState): Promise<void>;
  /** Publishes to a queue by the default exchange. */
  publish(queue: string, body: string, timeoutMs?: number): Promise<void>;
}

const opened = new Set<Broker>();

export function watchBroker(options: AmqpBrokerOptions): WatchedBroker {
  const connections: Change<ConnectionState>[] = [];
  const subscriptions: Change<SubscriptionState>[] = [];
  const broker = createAmqpBroker({
    heartbeatSeconds: 1,
    connectTimeoutMs: 1_000,
    ...options,
    events: {
      onConnection: (subject, state, error, address) => connections.push({ subject, state, error, address }),
      onSubscription: (subject, state, error) => subscriptions.push({ subject, state, error }),
    },
  });
  opened.add(broker);
  return {
    broker,
    connections,
    subscriptions,
    connectionsBecome: async (state) => {
      const names = new Set(connections.map(({ subject }) => subject));
      await eventually(
        `connections to be ${state}`,
        () => [...names].map((name) => connections.findLast(({ subject }) => subject === name)?.state),
        (states) => states.length > 0 && states.every((each) => each === state),
        20_000,
      );
    },
    subscriptionBecomes: async (state) => {
      await eventually(
        `the subscription to be ${state}`,
        () => subscriptions.at(-1)?.state,
        (last) => last === state,
        20_000,
      );
    },
    publish: (queue, body, timeoutMs) =>
      broker.publisher.publish(
        { exchange: '', routingKey: queue, body: Buffer.from(body), properties: {} },
        timeoutMs === undefined ? {} : { timeoutMs },
      ),
  };
}

/** Declares a quorum queue, and takes and acknowledges what comes. */
export async function consuming(watched: WatchedBroker) {
  const queue = uniqueName('faulty');
  const bodies = new Set<string>();
  await watched.broker.connect();
  await watched.broker.applyTopology(topology({ queues: [quorumQueue(queue)] }), 'assert');
  const subscription = await watched.broker.subscribe({
    queue,
    prefetch: 10,
    onDelivery: (delivery) => {
      bodies.add(delivery.body.toString());
      delivery.ack();
    },
  });
  /** Publishes and consumes one message: both ways are there. */
  const roundTrip = async (body: string): Promise<void> => {
    await bounded(`the confirm of ${body}`, watched.publish(queue, body));
    await eventually(
      `${body} to arrive`,
      () => bodies.has(body),
      (arrived) => arrived,
    );
  };
  await roundTrip('before');
  return { queue, bodies, subscription, roundTrip };
}

/** Closes what the test left open. */
export async function closeBrokers(): Promise<void> {
  const all = [...opened];
  opened.clear();
  await bounded('every broker to close', Promise.all(all.map((broker) => broker.close())));
}
