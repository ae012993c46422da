import { ConfigurationError } from '../../../src/errors/configuration-error';
import { parseQueueSettings } from '../../../src/memory/queue-settings';
import type { Arguments } from '../../../src/topology/topology';

const parse = (args: Arguments) => parseQueueSettings({ name: 'q', arguments: args });

describe('the arguments of a queue', () => {
  it('mean what RabbitMQ 4.3 takes them to mean for a quorum queue', () => {
    const settings = parse({
      'x-queue-type': 'quorum',
      'x-message-ttl': 134_217_728_000,
      'x-max-length': 0,
      'x-overflow': 'reject-publish',
      'x-dead-letter-exchange': 'dlx',
      'x-dead-letter-strategy': 'at-least-once',
      'x-some-plugin': 'ignored',
    });
    expect(settings).toEqual({
      type: 'quorum',
      messageTtlMs: 134_217_728_000,
      maxLength: 0,
      maxLengthBytes: Number.POSITIVE_INFINITY,
      overflow: 'reject-publish',
      deliveryLimit: 20,
      deadLetters: { exchange: 'dlx', routingKey: undefined, atLeastOnce: true },
      singleActive: false,
      maxPriority: 31,
      defaultPriority: 4,
    });
  });

  it('make a classic queue unless they say otherwise', () => {
    expect(parse({})).toMatchObject({
      type: 'classic',
      deliveryLimit: Number.POSITIVE_INFINITY,
      deadLetters: undefined,
      maxPriority: 0,
      defaultPriority: 0,
    });
    expect(parse({ 'x-max-priority': 9 })).toMatchObject({ maxPriority: 9 });
  });

  it.each<[number, number]>([
    [5, 5],
    [0, 0],
    [-1, Number.POSITIVE_INFINITY],
  ])('make a delivery limit of %p one of %p', (argument, deliveryLimit) => {
    expect(parse({ 'x-queue-type': 'quorum', 'x-delivery-limit': argument })).toMatchObject({ deliveryLimit });
  });

  it('fall back to at most once where a full queue drops its head', () => {
    const args: Arguments = {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': '',
      'x-dead-letter-strategy': 'at-least-once',
    };
    expect(parse(args).deadLetters).toEqual({ exchange: '', routingKey: undefined, atLeastOnce: false });
  });

  it.each<[Arguments, RegExp]>([
    [{ 'x-queue-type': 'quorum', 'x-max-priority': 5 }, /x-max-priority = 5: RabbitMQ refuses it for quorum queues/],
    [{ 'x-delivery-limit': 5 }, /x-delivery-limit = 5: RabbitMQ refuses it for classic queues/],
    [{ 'x-dead-letter-strategy': 'at-least-once' }, /refuses it for classic/],
    [{ 'x-queue-type': 'stream' }, /x-queue-type = "stream": expected "classic" or "quorum"/],
    [{ 'x-overflow': 'reject-publish-dlx' }, /expected "drop-head" or "reject-publish"/],
    [{ 'x-message-ttl': -1 }, /x-message-ttl = -1: expected a whole number/],
    [{ 'x-message-ttl': '5' }, /x-message-ttl = "5"/],
    [{ 'x-max-length': 1.5 }, /x-max-length = 1.5/],
    [{ 'x-max-priority': 256 }, /at most 255/],
    [{ 'x-dead-letter-exchange': 5 }, /x-dead-letter-exchange = 5: expected a string/],
    [{ 'x-dead-letter-routing-key': 'k' }, /it needs x-dead-letter-exchange/],
    [{ 'x-expires': 1000 }, /x-expires = 1000: the embedded broker does not support it/],
    [{ 'x-single-active-consumer': 1 }, /expected true or false/],
  ])('are refused when they are %j', (args, message) => {
    expect(() => parse(args)).toThrow(ConfigurationError);
    expect(() => parse(args)).toThrow(message);
  });

  it('are refused with every problem at once', () => {
    expect(() => parse({ 'x-max-length': -1, 'x-expires': 5 })).toThrow(
      expect.objectContaining({ problems: [expect.any(String), expect.any(String)] }),
    );
  });
});
