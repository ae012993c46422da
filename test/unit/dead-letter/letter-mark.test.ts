import { hashOfMark, LetterMarks, letterHash } from '../../../src/dead-letter/letter-mark';
import type { IncomingMessage } from '../../../src/message/wire';

const letter = (headers: Record<string, unknown>, body = 'x'): IncomingMessage => ({
  exchange: '',
  routingKey: 'a.dead',
  body: Buffer.from(body),
  properties: { messageId: 'one', headers },
  redelivered: false,
});

it('gives a letter the same hash each time it is read, whatever the broker counted meanwhile', () => {
  const first = letterHash(letter({ 'warren-dead-at': 5, a: { x: 1, y: 2 } }));
  const again = letter({ a: { y: 2, x: 1 }, 'warren-dead-at': 5, 'x-delivery-count': 4, 'x-acquired-count': 9 });
  expect(letterHash(again)).toBe(first);
});

it('tells letters apart by their headers and their body', () => {
  const hashes = [letter({}), letter({ 'warren-dead-at': 6 }), letter({}, 'y')].map(letterHash);
  expect(new Set(hashes).size).toBe(3);
});

it('numbers letters that are equal to the last byte', () => {
  const marks = new LetterMarks();
  const [first = '', second = ''] = [marks.next(letter({})), marks.next(letter({}))];
  expect(first).not.toBe(second);
  expect(hashOfMark(first)).toBe(hashOfMark(second));
});
