import { createTaskApp, Task, TaskQueue } from '../../../src';
import { constructorProblem } from '../../../src/app/constructor-problem';
import { createTestApp } from '../../../src/testing';

class Mailer {}

class Needs {
  constructor(
    readonly mailer: Mailer,
    readonly clock: object,
  ) {}
}
class Inherits extends Needs {}
class Overrides extends Needs {
  constructor() {
    super(new Mailer(), {});
  }
}
class Defaults {
  constructor(readonly mailer: Mailer = new Mailer()) {}
}
class Plain {}
class WithField {
  // A method that names a constructor is none.
  readonly text = 'constructor';
  construct(_value: unknown): void {}
}
function OldStyle(this: object, _mailer: Mailer): void {}

it.each([
  [Needs, /^Needs: its constructor takes "mailer", "clock", and the app has no resolver/],
  [Inherits, /^Inherits: the constructor of Needs, which it extends, takes "mailer", "clock"/],
  [OldStyle as unknown as typeof Needs, /^OldStyle: its constructor takes "_mailer"/],
])('refuses %p, and names class and parameter', (type, problem) => {
  expect(constructorProblem(type)).toMatch(problem);
});

it.each([Overrides, Defaults, Plain, WithField])('takes %p, which can be made without arguments', (type) => {
  expect(constructorProblem(type as never)).toBeUndefined();
});

describe('an app', () => {
  @TaskQueue('emails')
  class EmailTasks {
    constructor(readonly mailer: Mailer) {}
    @Task({ payload: 'none' }) send(): void {}
  }
  const options = { url: 'memory:', tasks: [EmailTasks], logger: false } as const;

  it('is refused when nothing gives its handlers what they need', async () => {
    await expect(createTaskApp(options)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('EmailTasks: its constructor takes "mailer"'),
    });
  });

  it('is made where a resolver gives it, or nothing runs here', async () => {
    const resolver = { get: () => new EmailTasks(new Mailer()) as never };
    await expect(createTaskApp({ ...options, resolver })).resolves.toBeDefined();
    await expect(createTaskApp({ ...options, consume: false })).resolves.toBeDefined();
  });

  it.each([
    ['undefined', () => undefined as never],
    ['a promise of null', async () => null as never],
  ])('says which instance is missing where its resolver gives %s', async (given, get) => {
    const app = await createTestApp({ tasks: [EmailTasks], resolver: { get } });
    const failed = app.app.once('task:retried');
    await app.client.of(EmailTasks).send();
    await expect(app.drain()).resolves.toBeUndefined();
    const { error } = await failed;
    expect(error.name).toBe('HandlerUnavailableError');
    expect(error.message).toContain(
      `resolver.get() gave ${given.replace('a promise of ', '')}, and must give an instance`,
    );
    await app.stop();
  });

  it('is told of the mistakes in its options and in its decorators at once', async () => {
    @TaskQueue('')
    class Wrong {
      @Task({ payload: 'none', maxAttempts: -1 }) run(): void {}
    }
    const error = await createTaskApp({ url: 'memory:', publishTimeout: 'soon' as never, tasks: [Wrong] }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'CONFIGURATION' });
    const { message } = error as Error;
    expect(message).toContain('publishTimeout');
    expect(message).toContain('maxAttempts');
  });
});
