import { Exclude } from 'class-transformer';
import { IsOptional, IsString } from 'class-validator';
import { defineTask, Task, TaskQueue } from '../../../src';
import { createTestApp, type TestApp } from '../../../src/testing';

class Login {
  @IsString() name!: string;
  @Exclude() @IsOptional() @IsString() password?: string;
}

const audit = defineTask('logins.audit', { queue: 'logins', payload: Login });
const login = Object.freeze({ name: 'Ada', password: 'hunter2' });

@TaskQueue('logins')
class Logins {
  @Task(audit, { schedule: { every: '1h', payload: { ...login } } })
  async audit(_login: Login): Promise<void> {}
}

describe('what a payload class excludes is in no queue', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp({ tasks: [Logins] });
  });
  afterEach(() => app.stop());

  const payloads = async () => (await app.enqueued('logins')).map(({ payload }) => payload);

  it.each<[string, () => Promise<unknown>]>([
    ['enqueue', () => app.client.enqueue(audit, login)],
    ['enqueueMany', () => app.client.enqueueMany(audit, [{ payload: login }])],
    ['of', () => app.client.of(Logins).audit(login)],
  ])('by %s', async (_, send) => {
    await send();
    expect(await payloads()).toEqual([{ name: 'Ada' }]);
    expect(login).toEqual({ name: 'Ada', password: 'hunter2' });
  });

  it('by a schedule in the code', async () => {
    const seen: unknown[] = [];
    app.events.on('task:started', ({ task }) => seen.push(task));
    await app.advance('1h');
    expect(JSON.stringify(await payloads())).not.toContain('hunter2');
  });
});
