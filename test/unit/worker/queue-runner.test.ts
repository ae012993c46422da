import type { Broker, Delivery, SubscribeOptions } from '../../../src/broker/broker';
import type { QueueDefinition } from '../../../src/task/definition';
import { INTERRUPTED } from '../../../src/task/outcome';
import { QueueRunner, type QueueRunnerParts } from '../../../src/worker/queue-runner';
import { incomingMessage } from '../support/incoming-message';

const EMAILS = {
  name: 'emails',
  type: 'quorum',
  concurrency: 1,
  prefetch: 1,
  maxCrashes: 3,
} as QueueDefinition;

/** Hands deliveries to the queue of suspects of a worker that gives no verdict. */
async function suspectsOf(isolate: jest.Mock): Promise<(delivery: Delivery) => void> {
  const handlers = new Map<string, (delivery: Delivery) => void>();
  const broker = {
    subscribe: async ({ queue, onDelivery }: SubscribeOptions) => {
      handlers.set(queue, onDelivery);
      return { cancel: async () => undefined, close: async () => undefined };
    },
  } as unknown as Broker;
  const parts = {
    processor: { withoutRunning: () => ({ outcome: INTERRUPTED }) },
    settler: { isolate },
    alibis: { survived: () => new Promise(() => undefined) },
    endedAttempts: { take: () => undefined },
    skew: { observe: () => undefined },
    overruns: { keeping: () => 0 },
    calm: () => undefined,
    longestUnsettledMs: () => 0,
  } as unknown as QueueRunnerParts;
  await Promise.all(new QueueRunner(EMAILS, parts).consumers(broker).map((each) => each.start()));
  return (delivery) => handlers.get('emails.suspects')?.(delivery);
}

const suspect = (deliveryCount: number): Delivery =>
  ({ ...incomingMessage({ headers: { 'warren-crashes': 2 } }), queue: 'emails.suspects', deliveryCount }) as Delivery;

it.each([
  [9, false],
  [10, true],
  [19, true],
])(
  'a verdict that was interrupted %i times by deaths of workers begins again with a fresh copy: %s',
  async (count, isFresh) => {
    const isolate = jest.fn(async () => undefined);
    const deliver = await suspectsOf(isolate);
    deliver(suspect(count));
    expect(isolate.mock.calls.length).toBe(isFresh ? 1 : 0);
    if (isFresh) {
      expect(isolate).toHaveBeenCalledWith(expect.anything(), expect.anything(), { crashes: count + 2, acquittals: 0 });
    }
  },
);
