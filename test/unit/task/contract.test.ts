import { ConfigurationError } from '../../../src/errors/configuration-error';
import { defineTask, isTaskContract } from '../../../src/task/contract';

class ResizeImage {
  url!: string;
}

it('makes a frozen contract', () => {
  const contract = defineTask('media.resizeImage', { queue: 'media', payload: ResizeImage });
  expect(contract).toEqual({
    kind: 'task-contract',
    name: 'media.resizeImage',
    queue: 'media',
    payload: { kind: 'class', type: ResizeImage },
  });
  expect(Object.isFrozen(contract)).toBe(true);
});

it('has no payload where none is named', () => {
  expect(defineTask('media.sweep', { queue: 'media' }).payload).toEqual({ kind: 'none' });
});

it('reports a bad name and a bad queue together', () => {
  const error = thrownBy(() => defineTask('', { queue: 'amq.media' }));
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error).toMatchObject({
    problems: [expect.stringContaining('must not be empty'), expect.stringContaining('must not begin with "amq."')],
  });
});

it.each<[string, unknown, RegExp]>([
  ['no options', undefined, /the options must be an object, got null/],
  [
    'a misspelt payload',
    { queue: 'media', payLoad: ResizeImage },
    /unknown option "payLoad": did you mean "payload"\?/,
  ],
  ['a misspelt queue type', { queue: 'media', type: 'classic' }, /unknown option "type"/],
  [
    'a payload that is no class',
    { queue: 'media', payload: { url: 'x' } },
    /payload must be a class, 'none' or 'unchecked'/,
  ],
  ['a payload of another word', { queue: 'media', payload: 'any' }, /payload must be a class, 'none' or 'unchecked'/],
  ['no payload by null', { queue: 'media', payload: null }, /payload must be a class, 'none' or 'unchecked', got null/],
  ['another queue type', { queue: 'media', queueType: 'stream' }, /queueType must be one of 'quorum', 'classic'/],
])('refuses %s', (_what, options, problem) => {
  const error = thrownBy(() => defineTask('media.resizeImage', options as { queue: string }));
  expect(error).toBeInstanceOf(ConfigurationError);
  expect((error as Error).message).toMatch(problem);
});

it.each([
  [defineTask('a', { queue: 'q' }), true],
  [{ kind: 'task-contract' }, true],
  [{ kind: 'other' }, false],
  [null, false],
  ['task-contract', false],
  [ResizeImage, false],
])('tells whether %p is a contract: %s', (value, expected) => {
  expect(isTaskContract(value)).toBe(expected);
});

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
