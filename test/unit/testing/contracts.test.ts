import { IsEmail } from 'class-validator';
import { defineTask, Task, type TaskClient, TaskQueue } from '../../../src';
import { createTestApp, type TestApp } from '../../../src/testing';

class Welcome {
  @IsEmail() to!: string;
}

const sendWelcome = defineTask('emails.sendWelcome', { queue: 'emails', payload: Welcome });
const count = defineTask('stats.count', { queue: 'stats', payload: 'none' });

/** Enqueues by contract: another service runs its tasks. */
class Signup {
  constructor(private readonly client: TaskClient) {}

  async register(to: string): Promise<void> {
    await this.client.enqueue(sendWelcome, { to });
    await this.client.enqueue(count, undefined, { delay: '1m' });
  }
}

@TaskQueue('audits')
class Audits {
  @Task({ name: 'audits.write', payload: 'none' })
  write(): void {}
}

describe('a service that only enqueues by contract', () => {
  let app: TestApp;
  afterEach(() => app.stop());

  it.each([
    ['in an app without tasks', {}],
    ['beside tasks of its own', { tasks: [Audits] }],
  ])('finds its queues declared, %s', async (_where, options) => {
    app = await createTestApp(options);
    await new Signup(app.client).register('ada@example.com');
    expect(await app.enqueued()).toMatchObject([{ task: 'emails.sendWelcome', payload: { to: 'ada@example.com' } }]);
    expect(await app.ready('stats')).toBe(0);
    await app.advance('2m');
    expect(await app.ready()).toBe(2);
    expect(await app.enqueued('stats')).toMatchObject([{ task: 'stats.count' }]);
    await app.drain();
    expect(await app.ready()).toBe(2);
  });

  it('is refused what the real client refuses', async () => {
    app = await createTestApp();
    await expect(new Signup(app.client).register('nobody')).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    expect(await app.enqueued()).toEqual([]);
  });

  it('enqueues many at once', async () => {
    app = await createTestApp();
    const results = await app.client.enqueueMany(count, [{ payload: undefined }, { payload: undefined, delay: '1m' }]);
    expect(results).toMatchObject([{ ok: true }, { ok: true }]);
    expect(await app.ready('stats')).toBe(1);
  });
});
