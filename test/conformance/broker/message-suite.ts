import type { Delivery } from '../../../src/broker/broker';
import type { MessageProperties } from '../../../src/message/wire';
import type { SuiteContext } from './suite-context';

export function describeMessages(context: SuiteContext): void {
  describe('a message', () => {
    const roundTrip = async (body: string | Buffer, properties: MessageProperties = {}): Promise<Delivery> => {
      const queue = await context.queue();
      const { inbox } = await context.consume(queue);
      await context.publish(queue, body, properties);
      const delivery = await inbox.take();
      expect(delivery).toMatchObject({
        queue,
        exchange: '',
        routingKey: queue,
        redelivered: false,
        deliveryCount: 0,
        live: true,
      });
      return delivery;
    };

    it('arrives with its properties, persistent', async () => {
      const properties: MessageProperties = {
        messageId: '0190a5f0-task',
        type: 'emails.sendVerification',
        correlationId: 'order-17',
        replyTo: 'answers',
        priority: 3,
        timestamp: 1_700_000_000,
        appId: 'shop',
        contentType: 'application/json',
        contentEncoding: 'utf-8',
      };
      const delivery = await roundTrip('{}', properties);
      expect(delivery.properties).toMatchObject({ ...properties, deliveryMode: 2, headers: {} });
      expect(delivery.properties.expiration).toBeUndefined();
      expect(delivery.properties.userId).toBeUndefined();
    });

    it('arrives without the properties that its sender left out', async () => {
      const { properties } = await roundTrip('{}');
      const { headers, deliveryMode, ...others } = properties;
      expect({ headers, deliveryMode }).toEqual({ headers: {}, deliveryMode: 2 });
      expect(Object.values(others).filter((value) => value !== undefined)).toEqual([]);
    });

    it.each<[string, unknown]>([
      ['a string', 'acme'],
      ['an empty string', ''],
      ['a whole number', 42],
      ['a large number', 2 ** 53 - 1],
      ['a negative number', -70_000],
      ['a fraction', 0.5],
      ['a boolean', false],
      ['null', null],
      ['bytes', Buffer.from([0, 1, 255])],
      ['a table', { nested: { deeper: 'x', list: [1, 'two', false, null] } }],
      ['an array', ['a', 1, { b: true }, [2]]],
      ['a time', { '!': 'timestamp', value: 1_700_000_000 }],
    ])('keeps a header that is %s', async (_what, value) => {
      const { properties } = await roundTrip('', { headers: { value, 'x-own': 'kept' } });
      expect(properties.headers).toEqual({ value, 'x-own': 'kept' });
    });

    it.each<[string, unknown]>([
      ['a short that fits a byte', { '!': 'short', value: 5 }],
      ['an unsigned byte', { '!': 'uint8', value: 251 }],
      ['an unsigned short', { '!': 'uint16', value: 5 }],
      ['an int that fits a byte', { '!': 'int', value: 5 }],
      ['an unsigned int', { '!': 'uint32', value: 2 ** 32 - 1 }],
      ['a long that fits a byte', { '!': 'long', value: 5 }],
      ['a long beyond 2^53', { '!': 'long', value: '9007199254740993' }],
      ['a float', { '!': 'float', value: Math.fround(0.1) }],
      ['a whole double', { '!': 'double', value: 2 }],
      ['a decimal', { '!': 'decimal', value: { places: 2, digits: 999 } }],
      ['a time of all ones', { '!': 'timestamp', value: '18446744073709551615' }],
    ])('keeps the AMQP type of %s, in tables and arrays, too', async (_what, value) => {
      const headers = { value, table: { value }, array: [value] };
      const { properties } = await roundTrip('', { headers });
      expect(properties.headers).toEqual(headers);
    });

    it('is read without the headers that are nested too deep, which are named', async () => {
      let deep: unknown = 'core';
      for (let table = 0; table < 65; table++) deep = { a: deep };
      const { properties } = await roundTrip('', { headers: { deep, tenant: 'ada' }, messageId: 'id-1' });
      expect(properties).toMatchObject({
        messageId: 'id-1',
        headers: { tenant: 'ada' },
        unreadable: [{ name: 'deep', problem: 'it is nested deeper than 64 tables' }],
      });
    });

    it('leaves out a header that is undefined', async () => {
      const { properties } = await roundTrip('', { headers: { present: 1, absent: undefined } });
      expect(Object.keys(properties.headers ?? {})).toEqual(['present']);
    });

    it.each<[string, Buffer]>([
      ['empty', Buffer.alloc(0)],
      ['1 MiB', Buffer.alloc(1024 * 1024, 'abcdefg')],
      ['unicode', Buffer.from('{"name":"Zoë 🐇 未来"}')],
      ['not text', Buffer.from([0, 255, 254, 128, 10])],
    ])('may have a body that is %s', async (_what, body) => {
      const delivery = await roundTrip(body);
      expect(delivery.body.length).toBe(body.length);
      expect(delivery.body.equals(body)).toBe(true);
    });

    it('may have unicode in its names', async () => {
      const { properties } = await roundTrip('', {
        messageId: 'Zoë-🐇',
        type: 'été.未来',
        headers: { 'naïve-🐇': '未来' },
      });
      expect(properties).toMatchObject({ messageId: 'Zoë-🐇', type: 'été.未来', headers: { 'naïve-🐇': '未来' } });
    });

    it('goes to the keys of its CC and BCC headers too, and does not tell of BCC', async () => {
      const [one, two, three] = [await context.queue(), await context.queue(), await context.queue()];
      await context.publish(one, 'a', { headers: { CC: [two], BCC: [three] } });
      for (const queue of [one, two, three]) {
        const { inbox } = await context.consume(queue);
        const delivery = await inbox.take();
        expect(delivery.routingKey).toBe(one);
        expect(delivery.properties.headers).toEqual({ CC: [two] });
      }
    });

    it('passes on what a sender claims to be the history of its deaths, and counts nothing of it', async () => {
      const forged = { 'x-death': [{ queue: 'q', reason: 'expired', count: 99 }], 'x-delivery-count': 99 };
      const delivery = await roundTrip('', { headers: forged });
      expect(delivery.properties.headers).toMatchObject({ 'x-death': forged['x-death'] });
      expect(delivery.deliveryCount).toBe(0);
    });
  });
}
