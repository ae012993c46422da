import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  type NestInterceptor,
  Scope,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { APP_GUARD, APP_PIPE, ContextIdFactory, REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { Transform } from 'class-transformer';
import { IsEmail, IsInt, MinLength } from 'class-validator';
import { map } from 'rxjs';
import { DiscardTask, defineTask, FailTask, RetryTask, type TaskClient, type TaskContext } from '../../../src';
import {
  Ctx,
  embedBroker,
  getTaskClientToken,
  getTestApp,
  InjectTaskClient,
  InjectTaskContext,
  Payload,
  switchToTask,
  Task,
  TaskQueue,
  TaskRequest,
  UseConnection,
  WarrenModule,
  type WarrenModuleOptions,
} from '../../../src/nest';

class Email {
  @IsEmail() to!: string;
}

const seen: unknown[] = [];
const running: TestingModule[] = [];

beforeEach(() => {
  seen.length = 0;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((module) => module.close()));
});

/** A testing module with these providers, on the embedded broker. */
async function started(providers: ModuleMetadata['providers'], options: WarrenModuleOptions = {}) {
  const module = await embedBroker(
    Test.createTestingModule({ imports: [WarrenModule.forRoot(options)], providers: providers ?? [] }),
  ).compile();
  running.push(module);
  return { module, tasks: await getTestApp(module) };
}

const send = defineTask('emails.send', { queue: 'emails', payload: Email });
const ada = { to: 'ada@example.com' };

describe('a handler', () => {
  it('is a provider with injected dependencies, in whatever module it stands', async () => {
    @Injectable()
    class Mailer {
      mail = (to: string) => seen.push(to);
    }
    @TaskQueue('emails')
    @Injectable()
    class EmailTasks {
      constructor(private readonly mailer: Mailer) {}
      @Task() async send(email: Email, task: TaskContext) {
        this.mailer.mail(`${email.to} ${task.attempt} ${email instanceof Email}`);
      }
    }
    @Module({ providers: [EmailTasks, Mailer] })
    class EmailModule {}
    @Injectable()
    class Signup {
      constructor(@InjectTaskClient() readonly client: TaskClient) {}
    }
    const module = await embedBroker(
      Test.createTestingModule({ imports: [EmailModule, WarrenModule.forRoot()], providers: [Signup] }),
    ).compile();
    running.push(module);
    const tasks = await getTestApp(module);
    await module.get(Signup).client.of(EmailTasks).send(ada, { delay: '1h' });
    await tasks.advance('59m');
    expect(seen).toEqual([]);
    await tasks.advance('1m');
    expect(seen).toEqual(['ada@example.com 1 true']);
  });

  it('inherits tasks, and is known by the class that is provided', async () => {
    abstract class Base {
      @Task() async run(email: Email) {
        seen.push(`${this.constructor.name} ${email.to}`);
      }
    }
    @TaskQueue('heirs')
    class Heir extends Base {}
    const { tasks } = await started([Heir]);
    await tasks.client.of(Heir).run(ada);
    await tasks.drain();
    expect(seen).toEqual(['Heir ada@example.com']);
  });

  it.each([Scope.REQUEST, Scope.TRANSIENT])('of scope %s is made anew for each delivery', async (scope) => {
    let made = 0;
    @TaskQueue('emails')
    @Injectable({ scope })
    class EmailTasks {
      readonly number = ++made;
      @Task() async send(email: Email) {
        seen.push([this.number, email.to]);
      }
    }
    const { tasks } = await started([EmailTasks]);
    const before = made;
    await tasks.client.of(EmailTasks).send(ada);
    await tasks.client.of(EmailTasks).send(ada);
    await tasks.drain();
    expect(seen).toEqual([
      [before + 1, ada.to],
      [before + 2, ada.to],
    ]);
  });

  it('gets the context of its delivery through its dependencies', async () => {
    @Injectable()
    class Audit {
      constructor(
        @InjectTaskContext() private readonly task: TaskContext | undefined,
        @Inject(REQUEST) private readonly request: TaskRequest,
      ) {}
      write = () => seen.push([this.task?.id, this.request instanceof TaskRequest, this.request.payload]);
    }
    @TaskQueue('emails')
    @Injectable()
    class EmailTasks {
      constructor(private readonly audit: Audit) {}
      @Task() async send(_email: Email) {
        this.audit.write();
      }
    }
    const { tasks } = await started([EmailTasks, Audit]);
    await tasks.client.of(EmailTasks).send(ada, { id: 'one' });
    await tasks.drain();
    expect(seen).toEqual([['one', true, ada]]);
  });

  it('shares durable providers by tenant', async () => {
    const roots = new Map<string, ReturnType<typeof ContextIdFactory.create>>();
    ContextIdFactory.apply({
      attach(contextId, request: TaskRequest) {
        const tenant = String(request.headers?.['tenant']);
        const root = roots.get(tenant) ?? ContextIdFactory.create();
        roots.set(tenant, root);
        return { resolve: (info) => (info.isTreeDurable ? root : contextId), payload: { tenant } };
      },
    });
    let made = 0;
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Database {
      readonly number = ++made;
      constructor(@Inject(REQUEST) readonly context: { tenant: string }) {}
    }
    @TaskQueue('emails', { concurrency: 1 })
    @Injectable()
    class EmailTasks {
      constructor(private readonly db: Database) {}
      @Task() async send(_email: Email) {
        seen.push([this.db.context.tenant, this.db.number]);
      }
    }
    try {
      const { tasks } = await started([EmailTasks, Database]);
      for (const tenant of ['a', 'b', 'a']) await tasks.client.of(EmailTasks).send(ada, { headers: { tenant } });
      await tasks.drain();
      expect(seen).toEqual([
        ['a', 1],
        ['b', 2],
        ['a', 1],
      ]);
    } finally {
      ContextIdFactory.apply(undefined as never);
    }
  });

  it('of the same name in two modules has parameters of its own', async () => {
    const handlerOf = (queue: string, first: ParameterDecorator, second: ParameterDecorator) => {
      @TaskQueue(queue)
      class Twins {
        @Task({ payload: Email }) async run(@first one: unknown, @second two: unknown) {
          seen.push([queue, one instanceof Email, two instanceof Email]);
        }
      }
      return Twins;
    };
    const one = handlerOf('one', Payload(), Ctx());
    const two = handlerOf('two', Ctx(), Payload());
    @Module({ providers: [one] })
    class OneModule {}
    @Module({ providers: [two], imports: [OneModule] })
    class TwoModule {}
    const module = await embedBroker(
      Test.createTestingModule({ imports: [TwoModule, WarrenModule.forRoot()] }),
    ).compile();
    running.push(module);
    const tasks = await getTestApp(module);
    await tasks.client.enqueue(defineTask('one.run', { queue: 'one', payload: Email }), ada);
    await tasks.client.enqueue(defineTask('two.run', { queue: 'two', payload: Email }), ada);
    await tasks.drain();
    expect(seen).toEqual(
      expect.arrayContaining([
        ['one', true, false],
        ['two', false, true],
      ]),
    );
  });

  it('may be replaced by a stand-in of a test', async () => {
    @TaskQueue('emails')
    class EmailTasks {
      @Task(send) async send(_email: Email): Promise<void> {
        throw new Error('never called');
      }
    }
    const fake = { send: jest.fn() };
    const module = await embedBroker(
      Test.createTestingModule({ imports: [WarrenModule.forRoot()], providers: [EmailTasks] }),
    )
      .overrideProvider(EmailTasks)
      .useValue(fake)
      .compile();
    running.push(module);
    const tasks = await getTestApp(module);
    expect(await tasks.perform(send, ada)).toMatchObject({ outcome: 'completed' });
    expect(fake.send).toHaveBeenCalledWith(ada, expect.objectContaining({ name: 'emails.send' }));
  });
});

describe('enhancers', () => {
  const Tenant = createParamDecorator((_data: unknown, context: ExecutionContext) => {
    seen.push(context.getType<string>());
    return switchToTask(context).getTask().headers['tenant'];
  });

  @Injectable()
  class Permit implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const { headers } = switchToTask(context).getTask();
      if (headers['tenant'] === 'stranger') throw new UnauthorizedException('who are you?');
      if (headers['tenant'] === 'broken') throw new Error('no database');
      return headers['tenant'] !== 'banned';
    }
  }

  @Injectable()
  class Around implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler) {
      seen.push('before');
      return next.handle().pipe(map((value) => seen.push(`after ${String(value)}`)));
    }
  }

  @Catch(RangeError, BadRequestException)
  class Turn implements ExceptionFilter {
    catch(error: Error, host: ArgumentsHost): void {
      seen.push(`filtered ${host.getType<string>()}`);
      if (error.message === 'retry') throw new RetryTask({ after: '7s' });
      if (error.message === 'fail') throw new FailTask('told so');
      if (error.message === 'discard') throw new DiscardTask();
    }
  }

  @TaskQueue('emails')
  @UseGuards(Permit)
  class EmailTasks {
    @Task(send, { maxAttempts: 2 })
    @UseInterceptors(Around)
    @UsePipes(new ValidationPipe({ transform: true }))
    async send(@Ctx() task: TaskContext, @Tenant() tenant: string, @Payload() email: Email, @Payload('to') to: string) {
      seen.push([task.attempt, tenant, email.to, to]);
      return 'sent';
    }
  }

  it('stand around a task, and decorators give its parameters in any order', async () => {
    const { tasks } = await started([EmailTasks]);
    expect(await tasks.perform(send, ada, { headers: { tenant: 'acme' } })).toMatchObject({ outcome: 'completed' });
    expect(seen).toEqual(['before', 'warren', [1, 'acme', ada.to, ada.to], 'after sent']);
  });

  it.each([
    ['false', 'banned', 'EmailTasks.send was refused by Permit: Forbidden resource'],
    ['an HTTP error', 'stranger', 'EmailTasks.send was refused by Permit: who are you?'],
  ])('a guard that refuses by %s dead-letters the task with the reason', async (_how, tenant, message) => {
    const { tasks } = await started([EmailTasks]);
    expect(await tasks.perform(send, ada, { headers: { tenant } })).toMatchObject({
      outcome: 'dead-lettered',
      reason: 'failed',
      error: { message },
    });
    expect(seen).toEqual([]);
  });

  it('a guard that breaks is a failed attempt', async () => {
    const { tasks } = await started([EmailTasks]);
    expect(await tasks.perform(send, ada, { headers: { tenant: 'broken' } })).toMatchObject({ outcome: 'retried' });
  });

  it.each<[string, WarrenModuleOptions, unknown]>([
    ['of a parameter', {}, Payload(new ValidationPipe({ transform: true }))],
    ['of a parameter, without transform', {}, Payload(new ValidationPipe({ whitelist: true }))],
    ['of the method', {}, UsePipes(new ValidationPipe({ transform: true }))],
    [
      'of the class',
      {},
      UsePipes(new ValidationPipe({ transform: true, transformOptions: { enableImplicitConversion: true } })),
    ],
    ['of the application', { globalEnhancers: ['pipes'] }, undefined],
  ])('a ValidationPipe %s does not make a payload twice', async (place, options, decorator) => {
    class Price {
      @Transform(({ value }) => value * 100, { toClassOnly: true }) @IsInt() cents!: number;
    }
    const priced = defineTask('prices.set', { queue: 'prices', payload: Price });
    class Prices {
      async set(price: Price) {
        seen.push(price);
      }
    }
    if (place.startsWith('of a parameter')) (decorator as ParameterDecorator)(Prices.prototype, 'set', 0);
    else if (place === 'of the method') {
      const descriptor = Object.getOwnPropertyDescriptor(Prices.prototype, 'set') as PropertyDescriptor;
      (decorator as MethodDecorator)(Prices.prototype, 'set', descriptor);
    } else if (decorator !== undefined) (decorator as ClassDecorator)(Prices);
    Reflect.defineMetadata('design:paramtypes', [Price], Prices.prototype, 'set');
    (Task(priced) as MethodDecorator)(Prices.prototype, 'set', {});
    TaskQueue('prices')(Prices);
    const global = { provide: APP_PIPE, useValue: new ValidationPipe({ transform: true }) };
    const { tasks } = await started(options.globalEnhancers === undefined ? [Prices] : [Prices, global], options);
    expect(await tasks.perform(priced, { cents: 2 })).toMatchObject({ outcome: 'completed' });
    expect(seen).toEqual([{ cents: 200 }]);
    expect(seen[0]).toBeInstanceOf(Price);
  });

  it("a ValidationPipe refuses by its own options what the payload's class lets through", async () => {
    const longer = defineTask('emails.long', { queue: 'emails', payload: Email });
    class Stricter extends ValidationPipe {}
    @TaskQueue('emails')
    class EmailTasks {
      @Task(longer)
      async send(
        @Payload(new Stricter({ groups: ['strict'], strictGroups: true, forbidUnknownValues: true })) email: Email,
      ) {
        seen.push(email);
      }
    }
    const { tasks } = await started([EmailTasks]);
    expect(await tasks.perform(longer, ada)).toMatchObject({ outcome: 'dead-lettered', reason: 'failed' });
    expect(seen).toEqual([]);
  });

  it('a property of the payload alone does not say what the payload is', async () => {
    const key = () => {
      @TaskQueue('emails')
      class EmailTasks {
        @Task() async send(@Payload('to') _to: string, @Ctx() _task: TaskContext) {}
      }
      return EmailTasks;
    };
    await expect(started([key()])).rejects.toThrow(
      /EmailTasks\.send: the payload type cannot be seen: the method's parameters take properties of the payload.*@Task\(\{ payload: X \}\)/,
    );
  });

  it('a property of the payload alone is enough where the task names its payload', async () => {
    @TaskQueue('emails')
    class EmailTasks {
      @Task({ name: 'emails.send', payload: Email }) async send(@Payload('to') to: string) {
        seen.push(to);
      }
    }
    const { tasks } = await started([EmailTasks]);
    expect(await tasks.perform(send, ada)).toMatchObject({ outcome: 'completed' });
    expect(seen).toEqual([ada.to]);
  });

  it('pipes reach a payload without decorators, and what they refuse is not retried', async () => {
    class Code {
      @MinLength(4) code!: string;
    }
    const check = defineTask('codes.check', { queue: 'codes', payload: 'unchecked' });
    @TaskQueue('codes')
    class Codes {
      @Task(check)
      @UsePipes(new ValidationPipe())
      async check(code: Code, task: TaskContext) {
        seen.push([code.code, task.name]);
      }
    }
    const { tasks } = await started([Codes]);
    expect(await tasks.perform(check, { code: 'abcd' })).toMatchObject({ outcome: 'completed' });
    expect(seen).toEqual([['abcd', 'codes.check']]);
    expect(await tasks.perform(check, { code: 'abc' })).toMatchObject({
      outcome: 'dead-lettered',
      reason: 'failed',
      error: { message: expect.stringContaining('code must be longer than or equal to 4') },
    });
  });

  it.each([
    ['retry', { outcome: 'retried', delayMs: 7_000 }],
    ['fail', { outcome: 'dead-lettered', reason: 'failed' }],
    ['discard', { outcome: 'discarded' }],
    ['nothing', { outcome: 'retried' }],
  ])('a filter turns an error into %s', async (message, outcome) => {
    @TaskQueue('emails')
    @UseFilters(Turn)
    class Failing {
      @Task(send) async send(_email: Email) {
        throw new RangeError(message);
      }
    }
    const { tasks } = await started([Failing]);
    expect(await tasks.perform(send, ada)).toMatchObject(outcome);
    expect(seen).toEqual(['filtered warren']);
  });

  it('no filter is asked about a signal', async () => {
    @Catch()
    class All implements ExceptionFilter {
      catch(): void {
        throw new FailTask('caught');
      }
    }
    @TaskQueue('emails')
    @UseFilters(All)
    class Discarding {
      @Task(send) async send(_email: Email) {
        throw new DiscardTask();
      }
    }
    const { tasks } = await started([Discarding]);
    expect(await tasks.perform(send, ada)).toMatchObject({ outcome: 'discarded' });
  });

  it.each([
    [false, 'completed'],
    [true, 'dead-lettered'],
    [['guards'] as const, 'dead-lettered'],
    [['pipes'] as const, 'completed'],
  ])('global ones count where the user says so: %j', async (globalEnhancers, outcome) => {
    class Closed implements CanActivate {
      canActivate = () => false;
    }
    @TaskQueue('emails')
    class Plain {
      @Task(send) async send(_email: Email) {}
    }
    const { tasks } = await started([Plain, { provide: APP_GUARD, useClass: Closed }], { globalEnhancers });
    expect(await tasks.perform(send, ada)).toMatchObject({ outcome });
  });

  it('global ones of request scope are made for each delivery', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Closed implements CanActivate {
      constructor(@InjectTaskContext() private readonly task: TaskContext) {}
      canActivate = () => this.task.headers['open'] === 'yes';
    }
    @TaskQueue('emails')
    class Plain {
      @Task(send) async send(_email: Email) {}
    }
    const { tasks } = await started([Plain, { provide: APP_GUARD, useClass: Closed }], { globalEnhancers: true });
    expect(await tasks.perform(send, ada)).toMatchObject({ outcome: 'dead-lettered' });
    expect(await tasks.perform(send, ada, { headers: { open: 'yes' } })).toMatchObject({ outcome: 'completed' });
  });
});

describe('connections', () => {
  it('have clients and handlers of their own', async () => {
    @TaskQueue('emails')
    class Here {
      @Task(send) async send(_email: Email) {
        seen.push('here');
      }
    }
    @UseConnection('there')
    @TaskQueue('emails')
    class There {
      @Task(send) async send(_email: Email) {
        seen.push('there');
      }
    }
    const module = await embedBroker(
      Test.createTestingModule({
        imports: [
          WarrenModule.forRoot(),
          WarrenModule.forRootAsync({ connection: 'there', useFactory: () => ({ consume: ['emails'] }) }),
        ],
        providers: [Here, There],
      }),
    ).compile();
    running.push(module);
    const there = await getTestApp(module, 'there');
    await module.get<TaskClient>(getTaskClientToken('there')).enqueue(send, ada);
    await there.drain();
    expect(seen).toEqual(['there']);
  });

  it('of two applications in one process are independent, and one can follow the other', async () => {
    @TaskQueue('emails')
    class Tasks {
      @Task(send) async send(email: Email) {
        seen.push(email.to);
      }
    }
    const first = await started([Tasks]);
    const second = await started([Tasks]);
    await second.tasks.client.enqueue(send, ada);
    await first.tasks.drain();
    expect(seen).toEqual([]);
    await first.module.close();
    await second.tasks.drain();
    expect(seen).toEqual([ada.to]);
    const third = await started([Tasks]);
    expect(await third.tasks.perform(send, ada)).toMatchObject({ outcome: 'completed' });
  });
});
