import {
  DEAD_EXCHANGE,
  DELAY_DELIVER_EXCHANGE,
  DELAY_UNROUTED,
  deadQueueName,
  delayLevelName,
  isReservedName,
} from '../../../src/topology/names';

// Names are on brokers with messages in them: a change here strands those messages.
it('keeps the names that stand on brokers', () => {
  expect([DEAD_EXCHANGE, DELAY_DELIVER_EXCHANGE, DELAY_UNROUTED]).toEqual([
    'warren.dead',
    'warren.delay.deliver',
    'warren.delay.unrouted',
  ]);
  expect(deadQueueName('emails')).toBe('emails.dead');
  expect([0, 7, 30].map(delayLevelName)).toEqual(['warren.delay.00', 'warren.delay.07', 'warren.delay.30']);
});

it.each([
  ['warren.dead', true],
  ['warren.delay.03', true],
  ['warren.delay.deliver', true],
  ['warren.delay.anything', true],
  ['warren.delay', true],
  ['warren.anything', true],
  ['warrens.delay', false],
  ['warren', false],
  ['emails.dead', false],
])('says of the name %s whether Warren keeps it for itself: %s', (name, reserved) => {
  expect(isReservedName(name)).toBe(reserved);
});
