import { createTaskApp, Task, TaskQueue } from '../../../src';

@TaskQueue('jobs')
class Jobs {
  @Task({ payload: 'none' }) async run(): Promise<void> {}
}

it.each([0, 1, 2, 3, 4, 5, 6, 8, 12])('a stop %i turns into a start leaves nothing running', async (turns) => {
  const app = await createTaskApp({ url: 'memory:', tasks: [Jobs], logger: false, handleSignals: false });
  const started = app.start().catch((error: unknown) => error);
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  await app.stop();
  await started;
  expect(app.state).toBe('stopped');
  await expect(app.client.of(Jobs).run()).rejects.toThrow();
});
