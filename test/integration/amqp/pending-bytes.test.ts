import { createAmqpBroker } from '../../../src/amqp/amqp-broker';
import { TooManyWaitingError } from '../../../src/errors/enqueue-errors';
import { uniqueName } from '../../support/apps';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

describe.each(sharedBrokers())('a payload above maxPendingBytes, on RabbitMQ $series', ({ url }) => {
  it('is stored where it is the copy of a delivery, and refused from a sender with its own size as the reason', async () => {
    const queue = uniqueName('pending');
    const broker = createAmqpBroker({ url, maxPendingBytes: 1_000 });
    await broker.connect();
    try {
      await broker.declare({
        exchanges: [],
        queues: [{ name: queue, arguments: { 'x-queue-type': 'quorum' } }],
        bindings: [],
      });
      const message = { exchange: '', routingKey: queue, body: Buffer.alloc(2_000), properties: { messageId: 'id-1' } };
      await broker.publisher.publish(message, { isHeld: true });
      const refused = broker.publisher.publish(message);
      await expect(refused).rejects.toThrow(TooManyWaitingError);
      await expect(refused).rejects.toThrow('its payload alone has 2000 bytes, more than "maxPendingBytes" allows');
      const small = { ...message, body: Buffer.alloc(900) };
      // What is held does not take the room of others.
      await Promise.all([broker.publisher.publish(message, { isHeld: true }), broker.publisher.publish(small)]);
      expect(await broker.deleteUnused(queue, 'quorum')).toEqual({ kind: 'in-use' });
    } finally {
      await broker.close();
    }
  });
});
