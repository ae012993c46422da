import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { DeadLetters, TaskApp, TaskClient, type TaskMethods } from '../../../src';
import { getTaskClientToken, Task, TaskQueue, WarrenModule } from '../../../src/nest';
import { uniqueName } from '../../support/apps';

const queue = uniqueName('emails');

@TaskQueue(queue)
class EmailTasks {
  @Task({ payload: 'none' }) send(): void {}
  onModuleInit(): void {}
}

const EMAILS = 'EMAILS';
const emails = {
  provide: EMAILS,
  useFactory: (client: TaskClient) => client.of(EmailTasks),
  inject: [getTaskClientToken()],
};

@Injectable()
class SignUp {
  constructor(@Inject(EMAILS) readonly emails: TaskMethods<EmailTasks>) {}
}

it('a provider may give the methods of a class, in an application and in a testing module', async () => {
  @Module({
    imports: [WarrenModule.forRoot({ url: 'memory:', logger: false })],
    providers: [EmailTasks, SignUp, emails],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.init();
  await expect(app.get(SignUp).emails.send()).resolves.toMatchObject({ queue });
  await app.close();

  const tested = await Test.createTestingModule({ imports: [AppModule] }).compile();
  await tested.init();
  await expect(tested.get(SignUp).emails.send()).resolves.toMatchObject({ queue });
  await tested.close();
});

/** What Nest itself asks of every provider. */
const NESTS_OWN = [
  'then',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
];

const refuse = (): never => {
  throw new Error('unexpected access to a strict proxy');
};

/** Throws at whatever it does not know, and at whoever looks further. */
const strict = (traps: ProxyHandler<object> = {}): object => {
  return new Proxy(
    {},
    {
      get: (_target, name) => (NESTS_OWN.includes(String(name)) ? undefined : refuse()),
      has: refuse,
      ownKeys: refuse,
      getOwnPropertyDescriptor: refuse,
      ...traps,
    },
  );
};

it.each([
  ['a factory', { provide: 'STRICT', useFactory: () => strict({ getPrototypeOf: refuse }) }],
  ['a value', { provide: 'STRICT', useValue: strict() }],
])('a strict proxy of somebody else is no matter, from %s', async (_what, provider) => {
  @Module({
    imports: [WarrenModule.forRoot({ url: 'memory:', logger: false })],
    providers: [EmailTasks, provider],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  await expect(app.get<TaskClient>(getTaskClientToken()).of(EmailTasks).send()).resolves.toBeDefined();
  await app.close();
});

it('injects client, app and dead letters by their types', async () => {
  @Injectable()
  class ByType {
    constructor(
      readonly client: TaskClient,
      readonly app: TaskApp,
      readonly deadLetters: DeadLetters,
    ) {}
  }
  @Module({
    imports: [
      WarrenModule.forRoot({ url: 'memory:', logger: false }),
      WarrenModule.forRoot({ url: 'memory:', logger: false, connection: 'other' }),
    ],
    providers: [EmailTasks, ByType],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  const { client, app: own, deadLetters } = app.get(ByType);
  expect(client).toBe(app.get(getTaskClientToken()));
  expect([client, own, deadLetters]).toEqual([expect.any(TaskClient), expect.any(TaskApp), expect.any(DeadLetters)]);
  await expect(client.of(EmailTasks).send()).resolves.toMatchObject({ queue });
  await app.close();
});
