import { retryProperties, unknownTaskProperties } from '../../../src/message/copies';
import { readEnvelope } from '../../../src/message/envelope';
import { originOf, originOfDeath } from '../../../src/message/origin';
import type { MessageHeaders } from '../../../src/message/wire';
import { route } from '../../../src/topology/ladder';
import { DELAY_DELIVER_EXCHANGE } from '../../../src/topology/names';
import { incomingMessage } from '../support/incoming-message';

const onLadder = (queue: string, headers?: MessageHeaders) => {
  const { routingKey } = route(queue, 60_000, 'exact');
  return incomingMessage(headers === undefined ? {} : { headers }, { exchange: DELAY_DELIVER_EXCHANGE, routingKey });
};

it.each(['emails', 'emails.eu', '0.1.emails'])(
  'takes what came over the ladder for one that was sent to queue %s',
  (queue) => {
    for (const headers of [undefined, { tenant: 'ada' }, { 'warren-attempt': 2 }]) {
      expect(originOf(onLadder(queue, headers))).toEqual({ exchange: '', routingKey: queue });
      expect(readEnvelope(onLadder(queue, headers))).toMatchObject({ exchange: '', routingKey: queue });
    }
  },
);

it('takes the origin from the headers of a copy, where both are there', () => {
  const shop = { 'warren-exchange': 'shop', 'warren-routing-key': 'order.paid' };
  expect(originOf(onLadder('emails', shop))).toEqual({ exchange: 'shop', routingKey: 'order.paid' });
  const home = { exchange: '', routingKey: 'emails' };
  expect(originOf(onLadder('emails', { 'warren-exchange': 'shop' }))).toEqual(home);
  expect(originOf(onLadder('emails', { 'warren-exchange': 5, 'warren-routing-key': 'a' }))).toEqual(home);
});

it('does not take the ladder for an origin in copies of earlier versions', () => {
  const ladder = {
    'warren-exchange': DELAY_DELIVER_EXCHANGE,
    'warren-routing-key': route('emails', 500, 'exact').routingKey,
  };
  expect(originOf(onLadder('emails', ladder))).toEqual({ exchange: '', routingKey: 'emails' });
  expect(originOf(incomingMessage({ headers: ladder }))).toMatchObject({ exchange: '', routingKey: 'emails' });
});

it('stays the same over copy after copy', () => {
  const sent = incomingMessage({}, { exchange: 'shop', routingKey: 'order.paid' });
  let message = sent;
  for (let copy = 0; copy < 4; copy++) {
    const envelope = readEnvelope(message);
    const input = {
      message,
      envelope,
      id: 'a',
      task: undefined,
      queue: 'billing',
      attempt: 1,
      firstAttemptAt: 1,
      failures: [],
    };
    const properties = copy % 2 === 0 ? retryProperties(input) : unknownTaskProperties(input, 1);
    message = { ...onLadder('billing', properties.headers), properties };
    expect(readEnvelope(message)).toMatchObject({ exchange: 'shop', routingKey: 'order.paid' });
  }
});

it.each<[string, unknown, object | undefined]>([
  [
    'the exchange and the key of its death',
    [{ queue: 'q', exchange: 'shop', 'routing-keys': ['a'] }],
    { exchange: 'shop', routingKey: 'a' },
  ],
  ['nothing of the ladder', [{ queue: 'q', exchange: DELAY_DELIVER_EXCHANGE, 'routing-keys': ['0.q'] }], undefined],
  ['nothing of the default exchange', [{ queue: 'q', exchange: '', 'routing-keys': ['q'] }], undefined],
  ['nothing of another queue', [{ queue: 'other', exchange: 'shop', 'routing-keys': ['a'] }], undefined],
  ['nothing forged', [null, 5, { queue: 'q', exchange: 5 }], undefined],
])('reads from x-death %s', (_label, deaths, expected) => {
  expect(originOfDeath({ 'x-death': deaths }, 'q')).toEqual(expected);
});
