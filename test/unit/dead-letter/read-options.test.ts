import fc from 'fast-check';
import { createTaskApp } from '../../../src';
import { readDeadLetterOptions } from '../../../src/dead-letter/read-options';
import { InvalidOptionsError } from '../../../src/errors/enqueue-errors';

type Call = Parameters<typeof readDeadLetterOptions>[0];

const problemsOf = (call: Call, options: unknown, queue = 'emails'): readonly string[] => {
  try {
    readDeadLetterOptions(call, queue, options);
    return [];
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.problems;
    throw error;
  }
};

it.each<[Call, unknown, string]>([
  ['discard', { limit: 0 }, 'limit must be a whole number from 1'],
  ['discard', { limit: -1 }, 'limit must be'],
  ['discard', { limit: Number.NaN }, 'limit must be'],
  ['discard', { limit: 1.5 }, 'limit must be'],
  ['discard', { limit: '5' }, 'limit must be'],
  ['discard', { limit: null }, 'limit must be'],
  ['list', { limit: 0 }, 'limit must be'],
  ['each', { limit: Number.POSITIVE_INFINITY }, 'limit must be'],
  ['replay', { ratePerSecond: 0 }, 'ratePerSecond must be a number from'],
  ['replay', { ratePerSecond: -1 }, 'ratePerSecond must be'],
  ['replay', { ratePerSecond: Number.POSITIVE_INFINITY }, 'ratePerSecond must be'],
  ['replay', { ratePerSecond: Number.MIN_VALUE }, 'ratePerSecond must be'],
  ['discard', { dryrun: true }, 'unknown option "dryrun": did you mean "dryRun"?'],
  ['discard', { dryRun: 'false' }, 'dryRun must be true or false'],
  ['discard', { filters: { task: 'x' } }, 'unknown option "filters": did you mean "filter"?'],
  ['discard', { staged: true }, 'unknown option "staged"'],
  ['list', { dryRun: true }, 'unknown option "dryRun"'],
  ['replay', { staged: 1 }, 'staged must be true or false'],
  ['replay', { edit: Buffer.from('{}') }, 'edit must be a function'],
  ['replay', { onProgress: 1 }, 'onProgress must be a function'],
  ['replay', { signal: {} }, 'signal must be an AbortSignal'],
  ['discard', { filter: { tasks: 'x' } }, 'unknown option "filter.tasks": did you mean "task"?'],
  ['discard', { filter: undefined }, 'filter must be a plain object (leave it out to mean every letter)'],
  ['discard', { filter: null }, 'filter must be a plain object'],
  ['discard', { filter: 'emails.send' }, 'filter must be a plain object'],
  ['discard', { filter: ['a'] }, 'filter must be a plain object'],
  ['discard', { filter: new Map([['task', 'x']]) }, 'filter must be a plain object'],
  ['discard', { filter: Object.create({ task: 'x' }) as unknown }, 'filter must be a plain object'],
  ['discard', { filter: () => false }, 'filter must be a plain object'],
  ['discard', { filter: { task: undefined } }, 'filter.task must be given, or left out to mean any'],
  ['discard', { filter: { ids: 'a' } }, 'filter.ids must be a list of ids'],
  ['discard', { filter: { ids: [undefined] } }, 'filter.ids[0] must be a string that is not empty'],
  ['discard', { filter: { ids: new Array(1) } }, 'filter.ids[0] must be a string'],
  ['discard', { filter: { task: '' } }, 'filter.task must be a string that is not empty'],
  ['discard', { filter: { message: '' } }, 'filter.message must be a string that is not empty'],
  ['discard', { filter: { error: TypeError } }, 'filter.error must be a string'],
  ['discard', { filter: { reason: 'exausted' } }, "filter.reason must be one of 'exhausted'"],
  ['discard', { filter: { diedBefore: '2026-01-01' } }, 'filter.diedBefore must be a valid Date'],
  ['discard', { filter: { diedBefore: new Date('x') } }, 'filter.diedBefore must be a valid Date'],
  ['discard', { filter: { diedAfter: 0 } }, 'filter.diedAfter must be a valid Date'],
  ['discard', { filter: { where: true } }, 'filter.where must be a function'],
  ['discard', null, 'the options must be a plain object, got null'],
  ['discard', 'all', 'the options must be a plain object'],
  ['discard', [], 'the options must be a plain object'],
  ['discard', new Map(), 'the options must be a plain object'],
  ['discard', Object.create({ dryRun: true }), 'the options must be a plain object'],
])('refuses the options of %s that are %j', (call, options, problem) => {
  const [first = ''] = problemsOf(call, options);
  expect(first.slice(0, problem.length)).toBe(problem);
});

it('refuses a queue that can have no name, and names every mistake at once', () => {
  expect(problemsOf('discard', { limit: 0, dryrun: true, filter: { tasks: 'x' } }, '')).toEqual([
    'the queue: a queue name must not be empty',
    'unknown option "dryrun": did you mean "dryRun"?',
    'unknown option "filter.tasks": did you mean "task"?',
    expect.stringContaining('limit must be'),
  ]);
});

it('takes what is right, and what is missing for missing', () => {
  const filter = { ids: ['a'], task: 't', reason: 'failed', error: 'E', message: 'm', diedBefore: new Date(0) };
  expect(readDeadLetterOptions('discard', 'emails', { filter, limit: 1, dryRun: false })).toEqual({
    filter,
    limit: 1,
    dryRun: false,
  });
  expect(readDeadLetterOptions('replay', 'emails', { limit: undefined, edit: undefined })).toEqual({});
  expect(readDeadLetterOptions('replay', 'emails', undefined)).toEqual({});
});

it('lets no key pass that it does not know', () => {
  const known = ['filter', 'limit', 'dryRun', 'signal', 'onProgress'];
  fc.assert(
    fc.property(
      fc.string().filter((key) => key !== '__proto__' && !known.includes(key)),
      fc.anything(),
      (key, value) => {
        expect(problemsOf('discard', { [key]: value })).toHaveLength(1);
        expect(problemsOf('discard', { filter: { [`${key}.`]: value } })).toHaveLength(1);
      },
    ),
  );
});

it('keeps what it read, whatever becomes of the options afterwards', () => {
  const diedBefore = new Date(1);
  const ids = ['a'];
  const { filter } = readDeadLetterOptions('discard', 'emails', { filter: { diedBefore, ids } });
  diedBefore.setTime(2);
  ids.push('b');
  expect(filter).toEqual({ diedBefore: new Date(1), ids: ['a'] });
});

it('is not asked before the app has started, nor after it has stopped', async () => {
  const app = await createTaskApp({ url: 'memory:', logger: false, handleSignals: false });
  const { deadLetters } = app;
  const refused = async (): Promise<void> => {
    const calls = [
      () => deadLetters.count('emails'),
      () => deadLetters.list('emails'),
      () => deadLetters.each('emails').next(),
      () => deadLetters.replay('emails'),
      () => deadLetters.replay('emails', { staged: true }),
      () => deadLetters.discard('emails'),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'NOT_STARTED' });
  };
  await refused();
  await app.start();
  await expect(deadLetters.discard('emails')).rejects.toMatchObject({ code: 'QUEUE_MISSING' });
  await app.stop();
  await refused();
});
