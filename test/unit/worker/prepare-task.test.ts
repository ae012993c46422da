import type { TaskContext } from '../../../src/task/context';
import { prepareTask } from '../../../src/worker/prepare-task';
import { taskDefinition } from '../support/task-definition';

const check = (payload: unknown) => ({ ok: true as const, payload });
const context = {} as TaskContext;

it('binds the method of each instance once', () => {
  const task = prepareTask(taskDefinition(), check, [], { get: () => ({}) as never });
  const instance = { send: jest.fn() };
  expect(task.bound).toBeUndefined();
  expect(task.invocationOf(instance)).toBe(task.invocationOf(instance));
  task.invocationOf(instance)('hello', context);
  expect(instance.send).toHaveBeenCalledWith('hello', context);
});

it('asks a resolver that makes calls itself once, and puts the middleware around its call', async () => {
  const order: unknown[] = [];
  const bind = jest.fn(() => (payload: unknown) => order.push(payload));
  const task = prepareTask(
    taskDefinition(),
    check,
    [
      async ({ payload }, next) => {
        order.push(`before ${String(payload)}`);
        await next();
      },
    ],
    { get: () => ({}) as never, bind },
  );
  await task.bound?.('a', context);
  await task.bound?.('b', context);
  expect(order).toEqual(['before a', 'a', 'before b', 'b']);
  expect(bind).toHaveBeenCalledTimes(1);
});
