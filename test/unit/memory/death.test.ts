import { type DeathEvent, deathHeaders, isDeathCycle, recordDeath } from '../../../src/memory/death';
import { type DeathReason, type StoredMessage, storeMessage } from '../../../src/memory/stored-message';

const published = (properties = {}): StoredMessage =>
  storeMessage({ exchange: 'shop', routingKey: 'order.paid', body: Buffer.from('a'), properties });

const die = (
  message: StoredMessage,
  queue: string,
  reason: DeathReason,
  more: Partial<DeathEvent> = {},
): StoredMessage =>
  recordDeath(message, {
    queue,
    reason,
    now: 5_000,
    failures: 0,
    returns: 0,
    deadLetterExchange: 'dlx',
    deadLetterRoutingKey: undefined,
    ...more,
  });

describe('a death', () => {
  it('sends a message to the dead-letter exchange with its own keys, CC included', () => {
    const letter = die(published({ headers: { CC: ['copy'], BCC: ['blind'] } }), 'q', 'expired');
    expect(letter).toMatchObject({
      exchange: 'dlx',
      routingKey: 'order.paid',
      routingKeys: ['order.paid', 'copy'],
      blindKeys: [],
    });
  });

  it('sends it with the key that the queue names instead', () => {
    const letter = die(published({ headers: { CC: ['copy'] } }), 'q', 'expired', { deadLetterRoutingKey: 'dead' });
    expect(letter).toMatchObject({ routingKey: 'dead', routingKeys: ['dead'] });
  });

  it('takes the expiration away and tells what it was', () => {
    const letter = die(published({ expiration: '5', type: 't' }), 'q', 'expired');
    expect(letter.properties.expiration).toBeUndefined();
    expect(letter.properties.type).toBe('t');
    expect(deathHeaders(letter)['x-death']).toMatchObject([{ 'original-expiration': '5' }]);
  });

  it('is counted by queue and reason, newest first, with the circumstances of the first', () => {
    let letter = die(published(), 'a', 'expired', { now: 1_000 });
    letter = die(letter, 'b', 'rejected', { now: 2_000 });
    letter = die(letter, 'a', 'expired', { now: 3_000 });
    expect(deathHeaders(letter)).toEqual({
      'x-death': [
        {
          count: 2,
          reason: 'expired',
          queue: 'a',
          time: { '!': 'timestamp', value: 1 },
          exchange: 'shop',
          'routing-keys': ['order.paid'],
        },
        {
          count: 1,
          reason: 'rejected',
          queue: 'b',
          time: { '!': 'timestamp', value: 2 },
          exchange: 'dlx',
          'routing-keys': ['order.paid'],
        },
      ],
      'x-first-death-queue': 'a',
      'x-first-death-reason': 'expired',
      'x-first-death-exchange': 'shop',
      'x-last-death-queue': 'a',
      'x-last-death-reason': 'expired',
      'x-last-death-exchange': 'shop',
    });
  });

  it('leaves the message as it was for the other queues that have it', () => {
    const message = published({ expiration: '5' });
    die(message, 'q', 'expired');
    expect(message).toMatchObject({ exchange: 'shop', deaths: [], properties: { expiration: '5' } });
  });

  it('is not told of a message that has not died', () => {
    expect(deathHeaders(published({ headers: { 'x-death': [{ queue: 'q', reason: 'expired', count: 3 }] } }))).toEqual(
      {},
    );
  });
});

describe('a cycle', () => {
  const after = (...deaths: readonly (readonly [string, DeathReason])[]): StoredMessage =>
    deaths.reduce((message, [queue, reason]) => die(message, queue, reason), published());

  it.each<[string, readonly (readonly [string, DeathReason])[], boolean]>([
    ['is a return to the queue where it has just died', [['q', 'expired']], true],
    [
      'is a return after a way round',
      [
        ['q', 'expired'],
        ['r', 'expired'],
        ['s', 'maxlen'],
      ],
      true,
    ],
    ['is a return after too many failures', [['q', 'delivery_limit']], true],
    ['is not the first visit', [['r', 'expired']], false],
    ['is not a rejection', [['q', 'rejected']], false],
    [
      'is not a way round on which somebody rejected it',
      [
        ['q', 'expired'],
        ['r', 'rejected'],
        ['s', 'expired'],
      ],
      false,
    ],
    [
      'is not one whose queue rejected it',
      [
        ['q', 'rejected'],
        ['r', 'expired'],
      ],
      false,
    ],
    [
      'is one if the rejection was before',
      [
        ['r', 'rejected'],
        ['q', 'expired'],
        ['s', 'expired'],
      ],
      true,
    ],
  ])('%s', (_what, deaths, expected) => {
    expect(isDeathCycle(after(...deaths), 'q')).toBe(expected);
  });
});
