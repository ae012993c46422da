import type { DeadLetter } from '../../../src/dead-letter/dead-letter';
import { type DeadLetterFilter, matchesFilter } from '../../../src/dead-letter/filter';

const LETTER = {
  id: 'one',
  task: 'a.b',
  queue: 'a',
  reason: 'exhausted',
  error: { attempt: 3, at: '', error: 'TypeError', message: 'Mailbox full' },
  problems: [{ path: 'to', rule: 'isEmail', message: 'must be an address' }],
  diedAt: new Date(1_000),
} as unknown as DeadLetter;

it.each<[string, DeadLetterFilter, boolean]>([
  ['nothing', {}, true],
  ['its id', { ids: ['two', 'one'] }, true],
  ['another id', { ids: ['two'] }, false],
  ['its task and another reason', { task: 'a.b', reason: 'failed' }, false],
  ['its error class', { error: 'TypeError' }, true],
  ['another error class', { error: 'Error' }, false],
  ['a part of its message in another case', { message: 'mailbox' }, true],
  ['a part of a problem', { message: 'to: must be' }, true],
  ['a text that nobody said', { message: 'timeout' }, false],
  ['a time before it died', { diedBefore: new Date(1_000) }, false],
  ['a time after it died', { diedBefore: new Date(1_001) }, true],
  ['a time since it died', { diedAfter: new Date(1_000) }, true],
  ['whatever a function says', { where: () => false }, false],
])('matches a letter against %s', (_name, filter, matches) => {
  expect(matchesFilter(LETTER, filter)).toBe(matches);
});

it('does not mean a letter without a time by a time', () => {
  const { diedAt: _diedAt, ...timeless } = LETTER;
  expect(matchesFilter(timeless as DeadLetter, { diedBefore: new Date() })).toBe(false);
});
