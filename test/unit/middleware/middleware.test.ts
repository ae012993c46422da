import { composeMiddleware, type TaskInvocation, type TaskMiddleware } from '../../../src/middleware/middleware';
import type { TaskContext } from '../../../src/task/context';

const task = { id: 'id-1' } as TaskContext;
const echo: TaskInvocation = (payload) => payload;
const named =
  (name: string, log: string[]): TaskMiddleware =>
  async (_call, next) => {
    log.push(`${name} in`);
    const result = await next();
    log.push(`${name} out`);
    return result;
  };

it('is the handler itself where there is no middleware', () => {
  expect(composeMiddleware([], echo)).toBe(echo);
});

it('wraps the handler outermost first', async () => {
  const log: string[] = [];
  const invoke = composeMiddleware([named('outer', log), named('inner', log)], (payload) => {
    log.push('handler');
    return payload;
  });
  await expect(invoke('p', task)).resolves.toBe('p');
  expect(log).toEqual(['outer in', 'inner in', 'handler', 'inner out', 'outer out']);
});

it('gives middleware the payload and the task, and the handler what next was given, even undefined', async () => {
  const seen: unknown[] = [];
  const replacing =
    (...replacement: [unknown?]): TaskMiddleware =>
    (call, next) => {
      seen.push(call.payload, call.task);
      return next(...replacement);
    };
  await expect(composeMiddleware([replacing()], echo)('original', task)).resolves.toBe('original');
  await expect(composeMiddleware([replacing('other')], echo)('original', task)).resolves.toBe('other');
  await expect(composeMiddleware([replacing(undefined)], echo)('original', task)).resolves.toBeUndefined();
  expect(seen).toEqual(['original', task, 'original', task, 'original', task]);
});

it('does not run the handler when next is not called', async () => {
  const handler = jest.fn();
  await composeMiddleware([() => 'skipped'], handler)('p', task);
  expect(handler).not.toHaveBeenCalled();
});

it('refuses a second next: the handler ran once', async () => {
  const handler = jest.fn(echo);
  const twice: TaskMiddleware = async (_call, next) => {
    await next();
    return next();
  };
  await expect(composeMiddleware([twice], handler)('p', task)).rejects.toThrow('called next() twice');
  expect(handler).toHaveBeenCalledTimes(1);
});

it('counts calls of next anew for each message', async () => {
  const invoke = composeMiddleware([(_call, next) => next()], echo);
  await expect(Promise.all([invoke(1, task), invoke(2, task)])).resolves.toEqual([1, 2]);
});

it.each<[string, TaskMiddleware[], TaskInvocation]>([
  [
    'the handler throws',
    [(_call, next) => next()],
    () => {
      throw new Error('boom');
    },
  ],
  [
    'the middleware throws',
    [
      () => {
        throw new Error('boom');
      },
    ],
    echo,
  ],
  ['the inner middleware rejects', [(_call, next) => next(), () => Promise.reject(new Error('boom'))], echo],
])('rejects when %s', async (_label, stack, handler) => {
  await expect(composeMiddleware(stack, handler)('p', task)).rejects.toThrow('boom');
});

it('lets middleware answer for a handler that failed', async () => {
  const forgiving: TaskMiddleware = (_call, next) => next().catch(() => 'forgiven');
  const invoke = composeMiddleware([forgiving], () => Promise.reject(new Error('boom')));
  await expect(invoke('p', task)).resolves.toBe('forgiven');
});
