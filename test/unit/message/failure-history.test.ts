import fc from 'fast-check';
import { appendFailure, MAX_FAILURES, MAX_HISTORY_BYTES, parseFailures } from '../../../src/message/failure-history';
import type { TaskFailure } from '../../../src/task/context';

const failure = (attempt: number, message = 'boom'): TaskFailure => ({
  attempt,
  at: '2026-01-01T00:00:00.000Z',
  error: 'Error',
  message,
});
const bytesOf = (history: readonly TaskFailure[]): number => Buffer.byteLength(JSON.stringify(history));

it('keeps the last ten failures, oldest first', () => {
  let history: readonly TaskFailure[] = [];
  for (let attempt = 1; attempt <= 12; attempt++) history = appendFailure(history, failure(attempt));
  expect(history.map(({ attempt }) => attempt)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(Object.isFrozen(history)).toBe(true);
});

it('cuts each failure to its budget', () => {
  const [kept] = appendFailure([], {
    attempt: 1,
    at: 'x'.repeat(99),
    error: 'E'.repeat(999),
    message: 'é'.repeat(9_999),
  });
  expect([kept?.at, kept?.error, kept?.message].map((text) => Buffer.byteLength(text ?? ''))).toEqual([40, 100, 1023]);
});

it('gives up the oldest failures where escaping makes the text too long', () => {
  const nul = '\u0000'.repeat(1_024);
  let history: readonly TaskFailure[] = [];
  for (let attempt = 1; attempt <= 10; attempt++) history = appendFailure(history, failure(attempt, nul));
  expect(bytesOf(history)).toBeLessThanOrEqual(MAX_HISTORY_BYTES);
  expect(history.at(-1)).toEqual(failure(10, nul));
});

it('is read back from its header', () => {
  const history = [failure(1), failure(2, 'größer 😀')];
  expect(parseFailures(JSON.stringify(history))).toEqual(history);
});

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['no text', [failure(1)]],
  ['no JSON', 'hunter2'],
  ['no array', '{"attempt":1}'],
  ['an array of other things', '[null, 1, "x", [], {"attempt":"1","at":"","error":"","message":""}, {"attempt":1}]'],
  ['far too much', JSON.stringify([failure(1, 'x'.repeat(40_000))])],
  ['brackets without end', '['.repeat(30_000)],
])('reads no failures from %s', (_label, header) => {
  expect(parseFailures(header)).toEqual([]);
});

it('leaves out what is no failure and drops unknown fields', () => {
  const header = JSON.stringify([
    { ...failure(1), payload: 'secret' },
    'nonsense',
    JSON.parse('{"__proto__":{"attempt":1}}'),
  ]);
  expect(parseFailures(header)).toEqual([failure(1)]);
});

it('never gives a history beyond its budgets, whatever stands in the header', () => {
  const text = fc.oneof(
    fc.string(),
    fc.nat(3_000).map((length) => '\u0007"é'.repeat(length / 3)),
  );
  const entries = fc.array(fc.record({ attempt: fc.nat(), at: text, error: text, message: text }), { maxLength: 15 });
  fc.assert(
    fc.property(entries, (forged) => {
      for (const history of [parseFailures(JSON.stringify(forged)), appendFailure(forged, failure(1))]) {
        expect(history.length).toBeLessThanOrEqual(MAX_FAILURES);
        expect(bytesOf(history)).toBeLessThanOrEqual(MAX_HISTORY_BYTES);
      }
    }),
  );
});

it('keeps the stack and the causes of the last failure alone, through the header and back', () => {
  const failed = (attempt: number) => ({
    attempt,
    at: '2026-01-01T00:00:00.000Z',
    error: 'TypeError',
    message: 'fetch failed',
    stack: 'at send (mail.ts:1:2)',
    causes: [{ name: 'Error', message: 'refused', code: 'ECONNREFUSED' }],
  });
  const { stack: _stack, causes: _causes, ...brief } = failed(1);
  const history = appendFailure(appendFailure([], failed(1)), failed(2));
  expect(history).toEqual([brief, failed(2)]);
  expect(parseFailures(JSON.stringify(history))).toEqual(history);
});

it('leaves out a stack that would break the budget of the header, whatever it holds', () => {
  const hostile = '\\"\u0000\ud800'.repeat(5_000);
  const causes = Array.from({ length: 10 }, () => ({ name: hostile, message: hostile, code: hostile }));
  const failure = { attempt: 1, at: hostile, error: hostile, message: hostile, stack: hostile, causes };
  const text = JSON.stringify(appendFailure([], failure));
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_HISTORY_BYTES);
  expect(Buffer.byteLength(JSON.stringify(parseFailures(JSON.stringify([failure]))))).toBeLessThanOrEqual(
    MAX_HISTORY_BYTES,
  );
});
