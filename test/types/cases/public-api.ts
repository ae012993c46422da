import {
  createTaskApp,
  defineTask,
  duration,
  exponential,
  fixed,
  type Logger,
  Task,
  type TaskClient,
  type TaskContext,
  TaskQueue,
} from '../../../src';

/** True when two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const check = <_Claim extends true>(): void => undefined;

class Address {
  street!: string;
}

class Email {
  to!: string;
  at!: Date;
  copies?: readonly Address[];
  describe(): string {
    return this.to;
  }
}

const sendEmail = defineTask('emails.send', { queue: 'emails', payload: Email });
const cleanUp = defineTask('emails.cleanUp', { queue: 'emails' });

@TaskQueue('emails', { concurrency: 5, backoff: exponential('1s', { max: '10m', jitter: 'full' }) })
class Emails {
  readonly notATask = 1;

  @Task(sendEmail)
  async send(email: Email, task: TaskContext): Promise<void> {
    check<Same<typeof task.signal, AbortSignal>>();
    await Promise.resolve(email);
  }

  @Task({ maxAttempts: 3, timeout: '30s', backoff: fixed('5s') })
  resend(email: Email): void {
    void email;
  }

  @Task()
  sweep(): void {}

  // @ts-expect-error the contract's payload is an Email
  @Task(sendEmail)
  wrong(address: Address): void {
    void address;
  }

  // @ts-expect-error a duration has a unit
  @Task({ timeout: '30 seconds' })
  slow(email: Email): void {
    void email;
  }

  // @ts-expect-error there is no such option
  @Task({ retries: 3 })
  misspelled(email: Email): void {
    void email;
  }
}

export async function usage(logger: Logger): Promise<void> {
  const app = await createTaskApp({ tasks: [Emails, 'dist/**/*.tasks.js'], logger });
  const { client } = app;
  const at = new Date();

  const configured: string | undefined = process.env['ORDER_DELAY'];
  // @ts-expect-error a text of a configuration may be anything
  await client.of(Emails).send({ to: 'ada@example.com', at }, { delay: configured ?? '5s' });
  await client.of(Emails).send({ to: 'ada@example.com', at }, { delay: duration(configured, 'ORDER_DELAY') });
  const sent = await client.of(Emails).send({ to: 'ada@example.com', at }, { delay: '5m', priority: 3 });
  check<Same<typeof sent.id, string>>();
  await client.of(Emails).sweep();
  await client.of(Emails).sweep(undefined, { runAt: at });
  await client.of(Emails).send.many([{ payload: { to: 'a', at, copies: [{ street: 'x' }] }, delay: 5 }]);
  await client.enqueue(sendEmail, { to: 'ada@example.com', at });
  await client.enqueue(cleanUp);

  // @ts-expect-error a field is missing
  await client.of(Emails).send({ to: 'ada@example.com' });
  // @ts-expect-error a field has another type
  await client.enqueue(sendEmail, { to: 4711, at });
  // @ts-expect-error a payload is needed
  await client.enqueue(sendEmail);
  // @ts-expect-error this task has no payload
  await client.enqueue(cleanUp, { to: 'ada@example.com' });
  // @ts-expect-error fields are no tasks
  client.of(Emails).notATask();
  // @ts-expect-error no such option
  await client.enqueue(cleanUp, undefined, { wait: '5m' });
  await app.schedules.add('nightly', sendEmail, { cron: '0 3 * * *', payload: { to: 'ada@example.com', at } });
  await app.schedules.add('cleanly', cleanUp, { every: '1h', overlap: 'skip' });
  // @ts-expect-error a field of the payload is missing
  await app.schedules.add('nightly', sendEmail, { every: '1h', payload: { to: 'ada@example.com' } });
  // @ts-expect-error no such option
  await app.schedules.add('cleanly', cleanUp, { each: '1h' });
  // @ts-expect-error no such event
  app.on('task:finished', () => undefined);

  app.on('task:dead-lettered', ({ reason, problems }) => {
    check<
      Same<
        typeof problems,
        readonly { readonly path: string; readonly rule: string; readonly message: string }[]
      > extends boolean
        ? true
        : false
    >();
    switch (reason) {
      case 'exhausted':
      case 'failed':
        return;
      // @ts-expect-error no such reason
      case 'tired':
        return;
    }
  });
}

// A payload of any type takes whatever it is given.
declare class AnyTasks {
  // biome-ignore lint/suspicious/noExplicitAny: what users write.
  one(payload: any): void;
  // biome-ignore lint/suspicious/noExplicitAny: what users write.
  two(payload: any, task: TaskContext): void;
}
declare const anyClient: TaskClient;
const anyTasks = anyClient.of(AnyTasks);
void anyTasks.one({ q: 1 });
void anyTasks.one('x', { delay: '5s' });
void anyTasks.two([1]);
// @ts-expect-error: a payload that any type fits is a payload all the same.
void anyTasks.one();
