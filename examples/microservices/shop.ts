import { connect } from 'amqplib';

/** Somebody else's service: plain JSON, published to its own exchange by a plain AMQP client. */
async function main(run: string): Promise<void> {
  const connection = await connect(process.env.AMQP_URL ?? 'amqp://guest:guest@localhost:5672');
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange('shop', 'topic', { durable: true });

  const publish = (routingKey: string, order: { readonly orderId: string; readonly [key: string]: unknown }) =>
    channel.publish('shop', routingKey, Buffer.from(JSON.stringify(order)), {
      contentType: 'application/json',
      messageId: order.orderId,
      persistent: true,
    });
  publish('order.paid', { orderId: `order-${run}-1`, cents: 1_250, coupon: 'a key that billing does not know' });
  publish('order.cancelled', { orderId: `order-${run}-2` });
  publish('order.paid', { orderId: `order-${run}-3`, cents: 'not a number' });

  await channel.waitForConfirms();
  console.log('published 3 events, one of them broken');
  await connection.close();
}

void main(process.argv[2] ?? 'run');
