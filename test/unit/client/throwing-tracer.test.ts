import type { TaskTracer } from '../../../src/events/tracer';
import { defineTask } from '../../../src/index';
import { startApp, stopApps } from '../../support/apps';

afterEach(stopApps);

it('rejects where a sampler or a propagator throws, as with anything else that goes wrong', async () => {
  const tracer = {
    send: () => {
      throw new Error('no span');
    },
  } as Partial<TaskTracer> as TaskTracer;
  const app = await startApp({
    url: 'memory:',
    consume: false,
    telemetry: { observe: () => ({ tracer, pages: [], stop: () => undefined }) },
  });
  const task = defineTask('emails.send', { queue: 'emails', payload: 'unchecked' });
  const failed = app.once('enqueue:failed');
  const answer = app.client.enqueue(task, {});
  await expect(answer).rejects.toThrow('no span');
  expect(await failed).toMatchObject({ task: 'emails.send', error: { message: 'no span' } });
});
