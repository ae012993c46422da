import fc from 'fast-check';
import { resolveEnqueueOptions } from '../../../src/client/enqueue-options';
import { wirePriority } from '../../../src/client/outgoing-task';
import { InvalidOptionsError } from '../../../src/errors/enqueue-errors';
import type { EnqueueOptions } from '../../../src/task/enqueue-options';

const NOW = Date.UTC(2026, 0, 1);
const MAX_DELAY_MS = 268_435_455_875;
const NINE_YEARS_MS = 9 * 365 * 86_400_000;

const resolve = (options: unknown) => resolveEnqueueOptions('emails.send', options as EnqueueOptions, NOW);

it('has nothing to say without options', () => {
  const nothing = {
    delayMs: 0,
    priority: undefined,
    expiresInMs: undefined,
    id: undefined,
    correlationId: undefined,
    headers: undefined,
    timeoutMs: undefined,
  };
  expect(resolve(undefined)).toEqual(nothing);
  expect(resolve({})).toEqual(nothing);
  expect(resolve({ delay: undefined, runAt: undefined, priority: undefined })).toEqual(nothing);
});

it.each<[EnqueueOptions, object]>([
  [{ delay: '5m' }, { delayMs: 300_000 }],
  [{ delay: 0 }, { delayMs: 0 }],
  [{ delay: MAX_DELAY_MS }, { delayMs: MAX_DELAY_MS }],
  [{ runAt: new Date(NOW + 5_000) }, { delayMs: 5_000 }],
  [{ runAt: NOW + 5_000 }, { delayMs: 5_000 }],
  [{ runAt: '2026-01-01T00:01:00Z' }, { delayMs: 60_000 }],
  // Without an offset, in the time zone of the sender; a date alone is midnight UTC.
  [{ runAt: '2026-07-01T09:00' }, { delayMs: new Date(2026, 6, 1, 9).getTime() - NOW }],
  [{ runAt: '2026-07-01' }, { delayMs: Date.UTC(2026, 6, 1) - NOW }],
  [{ runAt: '2025-12-31T00:00:00Z' }, { delayMs: 0 }],
  [{ priority: 0 }, { priority: 0 }],
  [{ priority: 255 }, { priority: 255 }],
  [
    { expiresIn: '1h', delay: '59m' },
    { expiresInMs: 3_600_000, delayMs: 3_540_000 },
  ],
  [
    { id: 'x'.repeat(255), correlationId: 'c-1' },
    { id: 'x'.repeat(255), correlationId: 'c-1' },
  ],
  [{ headers: { tenant: 'ada' } }, { headers: { tenant: 'ada' } }],
  [{ timeout: '3s' }, { timeoutMs: 3_000 }],
])('takes %j', (options, expected) => {
  expect(resolve(options)).toMatchObject(expected);
});

it.each<[unknown, string]>([
  [
    { delay: -5 },
    "delay must be '250ms', '5s', '10m', '2h', '7d' or a number of milliseconds, from 0 ms to 8.5 years, got -5",
  ],
  [{ delay: Number.NaN }, 'got NaN'],
  [{ delay: Number.POSITIVE_INFINITY }, 'got Infinity'],
  [{ delay: '3285d' }, 'delay must be'],
  [{ delay: 'soon' }, 'got "soon"'],
  [{ delay: { minutes: 5 } }, 'got an object'],
  [{ delay: null }, 'got null'],
  [{ runAt: 'tomorrow' }, 'runAt must be a Date, milliseconds since 1970 or an ISO 8601 text, got "tomorrow"'],
  [{ runAt: new Date(Number.NaN) }, 'runAt must be'],
  [{ runAt: null }, 'runAt must be'],
  [{ runAt: true }, 'runAt must be'],
  [{ runAt: Symbol('later') }, 'runAt must be'],
  [{ runAt: NOW + NINE_YEARS_MS }, 'runAt must be at most 8.5 years from now, got 2034-12-30T00:00:00.000Z'],
  [{ delay: '1s', runAt: NOW }, 'give either delay or runAt, not both'],
  [{ priority: 256 }, 'priority must be a whole number from 0 to 255, got 256'],
  [{ priority: 1.5 }, 'priority must be'],
  [{ priority: '9' }, 'got "9"'],
  [{ expiresIn: 0 }, 'expiresIn must be'],
  [{ expiresIn: '1m', delay: '1m' }, 'expiresIn must be longer than the delay'],
  [{ expiresIn: '1m', runAt: NOW + 60_000 }, 'expiresIn must be longer than the delay'],
  [{ id: '' }, 'id must be a string of 1 to 255 bytes, got ""'],
  [{ id: 'é'.repeat(128) }, 'id must be'],
  [{ id: 'a\ud83d' }, 'id must not have lone surrogates'],
  [{ correlationId: '\udc00' }, 'correlationId must not have lone surrogates'],
  [{ headers: { a: '\ud83d' } }, 'header "a" must be a string without lone surrogates'],
  [{ correlationId: 7 }, 'correlationId must be'],
  [{ headers: 'tenant=ada' }, 'headers must be an object, got "tenant=ada"'],
  [{ headers: [] }, 'headers must be an object, got an array'],
  [{ headers: null }, 'headers must be an object, got null'],
  [{ headers: { CC: 'victim' } }, 'header "CC" is reserved for Warren or the broker'],
  [{ timeout: 0 }, 'timeout must be'],
  [{ dela: '5m' }, 'unknown option "dela": did you mean "delay"?'],
  [{ runat: NOW }, 'unknown option "runat": did you mean "runAt"?'],
  [{ dealy: '5m' }, 'unknown option "dealy": did you mean "delay"?'],
  [
    { somethingElse: 1 },
    'unknown option "somethingElse": valid are delay, runAt, priority, expiresIn, id, correlationId, headers, timeout',
  ],
  [
    { runAt: new Date(Number.NaN) },
    'runAt must be a Date, milliseconds since 1970 or an ISO 8601 text, got an invalid Date',
  ],
  [JSON.parse('{"__proto__": {"delay": "5m"}}'), 'unknown option "__proto__"'],
  [null, 'the options must be an object, got null'],
  ['5m', 'the options must be an object, got "5m"'],
  [5_000, 'the options must be an object, got 5000'],
  [[], 'the options must be an object, got an array'],
  [new Map([['delay', '1h']]), 'the options must be an object, got an object'],
  [Promise.resolve({ delay: '1h' }), 'the options must be an object, got an object'],
])('refuses %j', (options, problem) => {
  const { message, task } = refusalOf(options);
  expect(message).toContain(problem);
  expect(task).toBe('emails.send');
});

it('tells all mistakes at once', () => {
  const { problems } = refusalOf({
    delay: -5,
    priority: 300,
    id: '',
    headers: { 'warren-x': 1, nan: Number.NaN },
    typo: 1,
  });
  expect(problems.map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
    'unknown option',
    'delay must',
    'priority must',
    'id must',
    'header "warren-x"',
    'header "nan"',
  ]);
});

function refusalOf(options: unknown): InvalidOptionsError {
  try {
    resolve(options);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error;
    throw error;
  }
  throw new Error('the options were not refused');
}

describe('the priority on the wire', () => {
  const priorities = fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined });
  /** As the broker orders them: without one, a message has 4 in a quorum queue since 4.3, which knows 0 to 31. */
  const rankIn = {
    '4.3': (wire: number | undefined) => Math.min(wire ?? 4, 31),
    '4.0': (wire: number | undefined) => ((wire ?? 4) > 4 ? 1 : 0),
    classic: (wire: number | undefined) => Math.min(wire ?? 0, 10),
  };

  it.each([
    ['quorum', '4.3'],
    ['quorum', '4.0'],
    ['classic', 'classic'],
  ] as const)('puts a higher one never behind a lower one, or none: %s queue, %s', (type, broker) => {
    const rank = rankIn[broker];
    fc.assert(
      fc.property(priorities, priorities, (a, b) => {
        const [low, high] = (a ?? 0) <= (b ?? 0) ? [a, b] : [b, a];
        expect(rank(wirePriority(high, type))).toBeGreaterThanOrEqual(rank(wirePriority(low, type)));
      }),
    );
  });

  it('puts any above 0 before none', () => {
    for (let priority = 1; priority <= 255; priority++) {
      const wire = wirePriority(priority, 'quorum');
      expect(wire).toBeLessThanOrEqual(255);
      expect(rankIn['4.3'](wire)).toBeGreaterThan(rankIn['4.3'](undefined));
      expect(rankIn['4.0'](wire)).toBe(1);
    }
    expect(wirePriority(0, 'quorum')).toBeUndefined();
    expect(wirePriority(3, 'classic')).toBe(3);
  });
});
