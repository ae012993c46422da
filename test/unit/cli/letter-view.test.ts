import { letterText } from '../../../src/cli/letter-view';
import type { Output } from '../../../src/cli/output';
import type { DeadLetter } from '../../../src/dead-letter/dead-letter';

const plain = { style: (_style: string, text: string) => text } as unknown as Output;

const letter: DeadLetter = {
  id: 'one',
  task: 'emails.send',
  queue: 'emails',
  reason: 'exhausted',
  attempt: 1,
  headers: {},
  problems: [],
  replays: 0,
  body: Buffer.from('{}'),
  payload: {},
  failures: [
    {
      attempt: 1,
      at: '2030-01-01T00:00:00.000Z',
      error: 'PaymentDown',
      message: 'provider 503',
      stack: 'at EmailTasks.send (emails.js:1:1)',
      causes: [{ name: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' }],
    },
  ],
} as unknown as DeadLetter;

it('prints the stack of an error beneath that error, before what caused it', () => {
  const lines = letterText(letter, plain).split('\n');
  const failure = lines.findIndex((line) => line.includes('PaymentDown: provider 503'));
  expect(lines.slice(failure + 1, failure + 3)).toEqual([
    '      at EmailTasks.send (emails.js:1:1)',
    '    caused by ECONNREFUSED: connect ECONNREFUSED',
  ]);
});
