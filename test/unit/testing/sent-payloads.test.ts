import { Exclude } from 'class-transformer';
import { IsOptional, IsString, registerDecorator } from 'class-validator';
import { defineTask, Task, TaskQueue } from '../../../src';
import { PayloadWiring } from '../../../src/app/payload-wiring';
import { schedulesInCode } from '../../../src/app/schedule-wiring';
import { resolveDefinitions } from '../../../src/decorators/resolve-definitions';
import { DEFAULT_JSON_LIMITS } from '../../../src/message/json-budget';
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
    const payloads = new PayloadWiring(DEFAULT_JSON_LIMITS, 'app');
    const stored = await schedulesInCode(resolveDefinitions([Logins]), payloads);
    expect(stored.map(({ body }) => body)).toEqual(['{"name":"Ada"}']);
  });

  it('by what the command line, an edit of a dead letter and a schedule added at run time have encoded', async () => {
    const encoded = await app.client.encode(audit, login);
    expect(encoded.ok && encoded.body.toString()).toBe('{"name":"Ada"}');
  });
});

it('is sent as it was when it was checked, though the sender changes it while a validator waits', async () => {
  class Slow {
    @IsEventuallyRight() name!: string;
  }
  const { encode } = new PayloadWiring(DEFAULT_JSON_LIMITS, 'app').sent(
    defineTask('slow.check', { queue: 'slow', payload: Slow }),
  );
  const given = { name: 'right' };
  const encoding = encode(given);
  given.name = 'wrong';
  const encoded = await encoding;
  expect(encoded.ok && encoded.body.toString()).toBe('{"name":"right"}');
});

function IsEventuallyRight() {
  return (target: object, propertyName: string): void => {
    const validator = { validate: async (value: unknown) => value === 'right' };
    registerDecorator({ target: target.constructor, propertyName, name: 'isEventuallyRight', async: true, validator });
  };
}
