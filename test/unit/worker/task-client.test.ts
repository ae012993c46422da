import { Task, type TaskContext, TaskQueue } from '../../../src';
import { createTestApp } from '../../../src/testing';

const seen: unknown[] = [];

@TaskQueue('second')
class Second {
  @Task({ payload: 'unchecked' }) run(payload: unknown): void {
    seen.push(payload);
  }
}

@TaskQueue('first')
class First {
  @Task({ payload: 'none' }) async run(_payload: undefined, task: TaskContext): Promise<void> {
    task.log.info('goes on');
    await task.client.of(Second).run({ after: task.id });
    await task.client.of(Second).run.many([{ payload: 1 }, { payload: 2, delay: '1h' }]);
  }
}

it('a handler enqueues through its context', async () => {
  const lines: unknown[][] = [];
  const write = (...all: unknown[]): void => void lines.push(all);
  const logger = { debug: () => undefined, info: write, warn: write, error: write };
  const app = await createTestApp({ tasks: [First, Second], logger });
  const { id } = await app.client.of(First).run();
  await app.drain();
  expect(seen).toEqual([{ after: id }, 1]);
  await app.advance('1h');
  expect(seen).toEqual([{ after: id }, 1, 2]);
  expect(lines).toContainEqual([expect.objectContaining({ id, task: expect.any(String) }), 'goes on']);
  await app.stop();
});
