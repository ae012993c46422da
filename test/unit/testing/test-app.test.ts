import { IsInt } from 'class-validator';
import { DiscardTask, defineTask, fixed, SnoozeTask, Task, type TaskContext, TaskQueue } from '../../../src';
import { createTestApp, type TestApp } from '../../../src/testing';

class Job {
  @IsInt() size!: number;
}

const work = defineTask('jobs.work', { queue: 'jobs', payload: Job });

describe('the test app', () => {
  let app: TestApp;
  let handler: (job: Job, task: TaskContext) => unknown;
  const seen: string[] = [];

  @TaskQueue('jobs', { maxAttempts: 3, backoff: fixed('1m'), timeout: '30s' })
  class Jobs {
    @Task(work)
    work(job: Job, task: TaskContext): unknown {
      seen.push(`${task.id} ${task.attempt}`);
      return handler(job, task);
    }
  }

  beforeEach(async () => {
    seen.length = 0;
    handler = () => undefined;
    app = await createTestApp({ tasks: [Jobs] });
  });
  afterEach(() => app.stop());

  it('shows what was enqueued, runs nothing by itself, and drains it', async () => {
    await app.client.enqueue(work, { size: 1 }, { id: 'a', headers: { tenant: 'acme' } });
    expect(await app.enqueued()).toEqual([
      { id: 'a', task: 'jobs.work', queue: 'jobs', payload: { size: 1 }, headers: { tenant: 'acme' } },
    ]);
    expect(seen).toEqual([]);
    await app.drain();
    expect(seen).toEqual(['a 1']);
    expect(await app.enqueued()).toEqual([]);
  });

  it('changes nothing of what is enqueued by looking: order, redelivery and counts stay', async () => {
    const deliveries: unknown[] = [];
    handler = (_job, task) => {
      deliveries.push([task.id, task.redelivered]);
    };
    for (const id of ['a', 'b', 'c']) await app.client.enqueue(work, { size: 1 }, { id });
    await app.enqueued();
    await app.client.enqueue(work, { size: 1 }, { id: 'first', priority: 9 });
    const ids = ['first', 'a', 'b', 'c'];
    expect((await app.enqueued()).map(({ id }) => id)).toEqual(ids);
    expect((await app.enqueued()).map(({ id }) => id)).toEqual(ids);
    expect(await app.ready()).toBe(4);
    await app.drain();
    expect(deliveries).toEqual(ids.map((id) => [id, false]));
  });

  it('rethrows from drain the first error that a handler threw, itself', async () => {
    const error = new Error('broken');
    handler = (job) => {
      if (job.size === 2) throw error;
    };
    await app.client.enqueue(work, { size: 1 });
    await app.client.enqueue(work, { size: 2 });
    await expect(app.drain()).rejects.toBe(error);
    await expect(app.drain()).resolves.toBeUndefined();
  });

  it('moves time: a delayed task runs when its time has come, and not before', async () => {
    await app.client.enqueue(work, { size: 1 }, { id: 'late', delay: '7d' });
    await app.advance('6d');
    expect(seen).toEqual([]);
    await app.advance('1d');
    expect(seen).toEqual(['late 1']);
  });

  it('moves time through a whole story of retries, to the dead letter', async () => {
    handler = () => {
      throw new RangeError('always');
    };
    await app.client.enqueue(work, { size: 1 }, { id: 'x' });
    await expect(app.drain()).rejects.toThrow('always');
    await expect(app.advance('10m')).rejects.toThrow('always');
    expect(seen).toEqual(['x 1', 'x 2', 'x 3']);
    expect(await app.deadLetters.list('jobs')).toEqual([
      expect.objectContaining({ id: 'x', reason: 'exhausted', attempt: 3 }),
    ]);
  });

  it('lets a timeout pass without waiting for it', async () => {
    let reason: unknown;
    handler = (_job, task) => {
      task.signal.addEventListener('abort', () => {
        reason = task.signal.reason;
      });
      return task.attempt === 1 ? new Promise(() => undefined) : undefined;
    };
    await app.client.enqueue(work, { size: 1 }, { id: 'slow' });
    await app.advance('5m');
    expect(reason).toMatchObject({ code: 'TASK_TIMEOUT' });
    expect(seen).toEqual(['slow 1', 'slow 2']);
  });

  it('runs one task through the real path and tells how it ended', async () => {
    expect(await app.perform(work, { size: 1 }, { id: 'p' })).toEqual({ outcome: 'completed', id: 'p' });
    handler = () => {
      throw new SnoozeTask('1h');
    };
    expect(await app.perform(work, { size: 1 })).toMatchObject({ outcome: 'snoozed', delayMs: 3_600_000 });
    handler = () => {
      throw new DiscardTask();
    };
    expect(await app.perform(work, { size: 1 })).toMatchObject({ outcome: 'discarded' });
    const error = new TypeError('x');
    handler = () => {
      throw error;
    };
    const retried = await app.perform(work, { size: 1 });
    expect(retried).toMatchObject({ outcome: 'retried', delayMs: 60_000 });
    expect('error' in retried && retried.error).toBe(error);
  });

  it('refuses a payload that the real client would refuse', async () => {
    await expect(app.perform(work, { size: 1.5 })).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
  });
});
