import {
  Controller,
  Get,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  Scope,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { IsEmail } from 'class-validator';
import { ConfigurationError, defineTask, type TaskApp, type TaskClient } from '../../../src';
import {
  embedBroker,
  getTaskAppToken,
  getTaskClientToken,
  getTestApp,
  InjectTaskClient,
  Payload,
  Task,
  TaskQueue,
  UseConnection,
  WarrenHealthIndicator,
  WarrenModule,
  type WarrenOptionsFactory,
} from '../../../src/nest';
import { uniqueName } from '../../support/apps';
import { bounded, eventually } from '../../support/bounded';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { startProxy } from '../../support/rabbitmq/tcp-proxy';

class Email {
  @IsEmail() to!: string;
}
const ada = { to: 'ada@example.com' };

/** What a start-up that must fail says. */
async function problemsOf(module: Type): Promise<string> {
  const failure = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false }).then(
    async (context) => {
      await context.close();
      return undefined;
    },
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(ConfigurationError);
  return (failure as ConfigurationError).problems.join('\n');
}

describe('start-up fails, and names class and module, for', () => {
  @TaskQueue('emails')
  class EmailTasks {
    @Task({ name: 'emails.send' }) async send(_email: Email) {}
  }

  it('a handler in a module that is not imported', async () => {
    @TaskQueue('other')
    class OtherTasks {
      @Task() async run(_email: Email) {}
    }
    @Module({ providers: [OtherTasks] })
    class OtherModule {}
    @Module({ imports: [OtherModule, WarrenModule.forRoot({ url: 'memory:', handlers: [EmailTasks] })] })
    class AppModule {}
    expect(await problemsOf(AppModule)).toBe(
      'EmailTasks is named in "handlers" of WarrenModule (connection "default"), and no module that is imported provides it: import the module that has it among its providers. Found: OtherTasks in OtherModule',
    );
  });

  it('a queue whose handler is in a module that is not imported', async () => {
    @Module({ providers: [EmailTasks] })
    class EmailModule {}
    @Module({ imports: [EmailModule, WarrenModule.forRoot({ url: 'memory:', consume: ['billing'] })] })
    class AppModule {}
    expect(await problemsOf(AppModule)).toBe(
      'consume names the queue "billing", which no task has; there are: emails. Found: EmailTasks in EmailModule',
    );
    @Module({ imports: [WarrenModule.forRoot({ url: 'memory:', consume: ['billing'] })] })
    class EmptyModule {}
    expect(await problemsOf(EmptyModule)).toContain('consume names "billing", and no module that is imported provides');
  });

  it('two handlers with one task name in different modules', async () => {
    @TaskQueue('mail')
    class MailTasks {
      @Task({ name: 'emails.send' }) async send(_email: Email) {}
    }
    @Module({ providers: [EmailTasks] })
    class EmailModule {}
    @Module({ providers: [MailTasks] })
    class MailModule {}
    @Module({ imports: [EmailModule, MailModule, WarrenModule.forRoot({ url: 'memory:' })] })
    class AppModule {}
    expect(await problemsOf(AppModule)).toMatch(
      /"emails\.send" is taken by EmailTasks\.send and MailTasks\.send\..*\[EmailTasks in EmailModule, MailTasks in MailModule\]/,
    );
  });

  it('a class that two modules provide', async () => {
    @Module({ providers: [EmailTasks] })
    class EmailModule {}
    @Module({ imports: [EmailModule, WarrenModule.forRoot({ url: 'memory:' })], providers: [EmailTasks] })
    class AppModule {}
    expect(await problemsOf(AppModule)).toMatch(/EmailTasks is a provider of \w+ and of \w+, so there are several/);
  });

  it('a controller with tasks, a connection that is not there, and a factory under another name', async () => {
    @Controller()
    @TaskQueue('emails')
    class EmailController {
      @Task() async send(_email: Email) {}
    }
    @Module({ imports: [WarrenModule.forRoot({ url: 'memory:' })], controllers: [EmailController] })
    class WithController {}
    expect(await problemsOf(WithController)).toBe(
      'EmailController has tasks and is a controller of WithController: move them to a provider',
    );

    @UseConnection('billing')
    class Elsewhere extends EmailTasks {}
    @Module({ imports: [WarrenModule.forRoot({ url: 'memory:' })], providers: [Elsewhere] })
    class WithConnection {}
    expect(await problemsOf(WithConnection)).toBe(
      'Elsewhere (WithConnection) belongs to the connection "billing", and WarrenModule has none of that name: there are default',
    );

    @Module({
      imports: [WarrenModule.forRoot({ url: 'memory:' })],
      providers: [{ provide: 'HIDDEN', inject: [], useFactory: () => new EmailTasks() }],
    })
    class WithFactory {}
    expect(await problemsOf(WithFactory)).toMatch(
      /the provider HIDDEN of WithFactory is a factory that gives a EmailTasks/,
    );
  });

  it('a parameter without a decorator beside others', async () => {
    @TaskQueue('emails')
    class Mixed {
      @Task() async send(@Payload() _email: Email, _task: unknown) {}
    }
    @Module({ imports: [WarrenModule.forRoot({ url: 'memory:' })], providers: [Mixed] })
    class AppModule {}
    expect(await problemsOf(AppModule)).toMatch(/^Mixed\.send \(AppModule\): parameter 2 has no decorator/);
  });

  it('options that are Nest’s to decide, and two connections of one name', async () => {
    @Module({ imports: [WarrenModule.forRoot({ tasks: [], globalEnhancers: ['guard'] } as never)] })
    class Wrong {}
    expect(await problemsOf(Wrong)).toMatch(
      /"tasks" is not an option here.*\n.*globalEnhancers must be true, false or/,
    );
    @Module({
      imports: [WarrenModule.forRoot({ url: 'memory:' }), WarrenModule.forRoot({ url: 'memory:', name: 'b' })],
    })
    class Twice {}
    expect(await problemsOf(Twice)).toContain('two connections "default"');
    expect(() => WarrenModule.forRootAsync({})).toThrow('needs one of useFactory, useClass and useExisting');
  });
});

it('a request-scoped handler whose dependency throws is retried, with class, module and reason in its history', async () => {
  const send = defineTask('emails.send', { queue: 'emails', payload: Email });
  @Injectable({ scope: Scope.REQUEST })
  class Database {
    constructor() {
      throw new Error('no database');
    }
  }
  @TaskQueue('emails')
  @Injectable()
  class EmailTasks {
    constructor(_database: Database) {}
    @Task(send) async send(_email: Email) {}
  }
  @Module({ providers: [EmailTasks, Database] })
  class EmailModule {}
  const module = await embedBroker(
    Test.createTestingModule({ imports: [EmailModule, WarrenModule.forRoot()] }),
  ).compile();
  const tasks = await getTestApp(module);
  expect(await tasks.perform(send, ada)).toMatchObject({
    outcome: 'retried',
    error: {
      code: 'HANDLER_UNAVAILABLE',
      message: 'No instance of EmailTasks.send (EmailModule) could be had for task "emails.send": Error: no database.',
    },
  });
  await module.close();
});

describe('options are made by', () => {
  @Injectable()
  class Settings implements WarrenOptionsFactory {
    createWarrenOptions = () => ({ url: 'memory:', name: 'made' });
  }
  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  it.each([
    [
      'a factory with dependencies',
      { imports: [SettingsModule], inject: [Settings], useFactory: async (s: Settings) => s.createWarrenOptions() },
    ],
    ['a class', { useClass: Settings }],
    ['a provider of another module', { imports: [SettingsModule], useExisting: Settings }],
  ])('%s', async (_how, options) => {
    @Module({ imports: [WarrenModule.forRootAsync(options)] })
    class AppModule {}
    const context = await NestFactory.createApplicationContext(AppModule, { logger: false });
    expect(context.get<TaskApp>(getTaskAppToken()).state).toBe('started');
    await context.close();
    expect(context.get<TaskApp>(getTaskAppToken()).state).toBe('stopped');
  });
});

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))('on RabbitMQ $version', ({ url }) => {
  it('tasks begin after every bootstrap hook, end before any destroy hook, and requests may enqueue until the server is closed', async () => {
    const queue = uniqueName('nest');
    const order: string[] = [];
    let finish: () => void = () => undefined;
    const job = defineTask(`${queue}.job`, { queue });
    class Hooks implements OnApplicationBootstrap, OnModuleDestroy {
      async onApplicationBootstrap() {
        order.push(`bootstrap ${this.constructor.name}`);
      }
      onModuleDestroy() {
        order.push(`destroy ${this.constructor.name}`);
      }
    }
    @Injectable()
    class Pool extends Hooks {}
    @TaskQueue(queue)
    @Injectable()
    class Jobs extends Hooks {
      constructor(readonly pool: Pool) {
        super();
      }
      @Task(job) async run() {
        order.push('task begins');
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        order.push('task ends');
      }
    }
    @Module({ providers: [Pool, Jobs] })
    class JobsModule {}
    @Injectable()
    class Last extends Hooks implements OnApplicationShutdown {
      constructor(@InjectTaskClient() private readonly client: TaskClient) {
        super();
      }
      override async onModuleDestroy() {
        super.onModuleDestroy();
        await this.client.enqueue(job);
        order.push('enqueued while shutting down');
      }
      onApplicationShutdown() {
        order.push('shutdown Last');
      }
    }
    @Module({ imports: [WarrenModule.forRoot({ url }), JobsModule], providers: [Last] })
    class AppModule {}

    const producer = await NestFactory.createApplicationContext(AppModule, { logger: false });
    await producer.close();
    order.length = 0;

    const context = await NestFactory.createApplicationContext(AppModule, { logger: false });
    // The task that the first application enqueued while it was shutting down.
    await bounded(
      'the task',
      eventually(
        'the task',
        () => order,
        () => order.includes('task begins'),
      ),
    );
    expect(order).toEqual(['bootstrap Pool', 'bootstrap Jobs', 'bootstrap Last', 'task begins']);
    const closed = context.close();
    await eventually(
      'the drain',
      () => context.get<TaskApp>(getTaskAppToken()).state,
      (state) => state === 'stopping',
    );
    finish();
    await bounded('close', closed);
    expect(order.slice(4)).toEqual([
      'task ends',
      'destroy Last',
      'enqueued while shutting down',
      expect.stringMatching(/^destroy/),
      expect.stringMatching(/^destroy/),
      'shutdown Last',
    ]);
  });

  it('health is up only while connected and consuming', async () => {
    @TaskQueue(uniqueName('nest'))
    class Jobs {
      @Task({ payload: 'none' }) async run() {}
    }
    @Module({ imports: [WarrenModule.forRoot({ url })], providers: [Jobs] })
    class AppModule {}
    const context = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const health = context.get(WarrenHealthIndicator);
    const up: HealthIndicatorResult<'rabbitmq'> = health.check('rabbitmq');
    expect(up).toEqual({ rabbitmq: { status: 'up' } });
    await context.close();
    expect(health.check('rabbitmq')).toEqual({
      rabbitmq: { status: 'down', problems: [expect.stringContaining('default: the app is stopped')] },
    });
    expect(health.checkLive('rabbitmq').rabbitmq.status).toBe('down');
  });

  it('health is down while the broker is away, and up again when tasks are taken again', async () => {
    const proxy = await startProxy({ targetPort: Number(new URL(url).port) });
    const queue = uniqueName('nest');
    @TaskQueue(queue)
    class Jobs {
      @Task({ payload: 'none' }) async run() {}
    }
    @Module({ imports: [WarrenModule.forRoot({ url: proxy.url(url) })], providers: [Jobs] })
    class AppModule {}
    const context = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const health = context.get(WarrenHealthIndicator);
    const check = () => health.check('rabbitmq').rabbitmq;
    proxy.refuse();
    proxy.cut();
    await eventually('down', check, ({ problems = [] }) => problems.some((problem) => problem.includes(queue)));
    expect(check().problems).toContainEqual(expect.stringMatching(/the connection warren:publish is connecting/));
    expect(health.checkLive('rabbitmq').rabbitmq).toMatchObject({
      status: 'up',
      warnings: expect.arrayContaining([expect.stringContaining(`the queue "${queue}" is not consumed`)]) as unknown,
    });
    await proxy.accept();
    await eventually('up', check, ({ status }) => status === 'up');
    await context.close();
    proxy.dispose();
  });
});

it('connects to the host that lives of several', async () => {
  const [broker] = sharedBrokers();
  const hosts = ['amqp://guest:guest@127.0.0.1:1', String(broker?.url)];
  @Module({ imports: [WarrenModule.forRoot({ url: hosts, consume: false })] })
  class AppModule {}
  const context = await NestFactory.createApplicationContext(AppModule, { logger: false });
  expect(context.get<TaskApp>(getTaskAppToken()).address).toBe(`amqp://127.0.0.1:${new URL(hosts[1] ?? '').port}`);
  await context.close();
});

it('fails fast without a broker, or waits and says for what, without the password', async () => {
  const lines: string[] = [];
  const logger = Object.fromEntries(
    ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'].map((level) => [
      level,
      (...said: unknown[]) => void lines.push(JSON.stringify(said)),
    ]),
  );
  const url = 'amqp://guest:secret-of-mine@127.0.0.1:1';
  @Module({ imports: [WarrenModule.forRoot({ url })] })
  class FailsFast {}
  await expect(
    NestFactory.createApplicationContext(FailsFast, { logger: logger as never, abortOnError: false }),
  ).rejects.toMatchObject({ code: 'CONNECTION_FAILED', reason: 'unreachable' });
  @Module({ imports: [WarrenModule.forRoot({ url, waitForBroker: '3s' })] })
  class Waits {}
  await expect(
    NestFactory.createApplicationContext(Waits, { logger: logger as never, abortOnError: false }),
  ).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  const waiting = lines.filter((line) => line.includes('connection connecting') && line.includes('ECONNREFUSED'));
  expect(waiting[0]).toContain('"Warren"');
  expect(waiting[0]).toContain('amqp://127.0.0.1:1');
  expect(lines.join()).not.toContain('secret-of-mine');
});

it('logs through Nest, one object a line, whose fields stay apart', async () => {
  const entries: unknown[][] = [];
  const logger = {
    log: () => undefined,
    error: () => undefined,
    warn: (...said: unknown[]) => void entries.push(said),
  };
  const send = defineTask('emails.send', { queue: 'emails', payload: Email });
  @TaskQueue('emails')
  class EmailTasks {
    @Task(send) async send(_email: Email) {
      throw new TypeError('mailbox full');
    }
  }
  @Module({ imports: [WarrenModule.forRoot({ url: 'memory:' })], providers: [EmailTasks] })
  class AppModule {}
  const context = await NestFactory.createApplicationContext(AppModule, { logger });
  const app = context.get<TaskApp>(getTaskAppToken());
  const retried = app.once('task:retried');
  await app.client.enqueue(send, ada, { id: 'one' });
  await bounded('the retry', retried);
  await context.close();
  expect(entries).toEqual([
    [
      expect.objectContaining({
        message: 'task failed and will be retried',
        task: 'emails.send',
        id: 'one',
        attempt: 1,
        error: 'TypeError',
        detail: 'mailbox full',
      }),
      'Warren',
    ],
  ]);
});

it('a process may only enqueue, with the same modules', async () => {
  const send = defineTask('emails.send', { queue: 'emails', payload: Email });
  const url = `memory:${uniqueName('nest')}`;
  const runs: string[] = [];
  @TaskQueue('emails')
  class EmailTasks {
    @Task(send) async send(email: Email) {
      runs.push(email.to);
    }
  }
  @Controller()
  class Web {
    @Get() hello() {
      return 'hello';
    }
  }
  const moduleOf = (consume: boolean): Type => {
    @Module({
      imports: [WarrenModule.forRoot({ url, consume, handlers: [EmailTasks] })],
      providers: [EmailTasks],
      controllers: [Web],
    })
    class AppModule {}
    return AppModule;
  };
  const web = await NestFactory.createApplicationContext(moduleOf(false), { logger: false });
  await web.get<TaskClient>(getTaskClientToken()).enqueue(send, ada);
  await new Promise((resolve) => setImmediate(resolve));
  expect(runs).toEqual([]);
  const worker = await NestFactory.createApplicationContext(moduleOf(true), { logger: false });
  await eventually(
    'the task',
    () => runs,
    (list) => list.length === 1,
  );
  await Promise.all([web.close(), worker.close()]);
});
