import {
  type ArgumentMetadata,
  BadRequestException,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  ParseArrayPipe,
  type PipeTransform,
  Scope,
  type Type,
  UsePipes,
  ValidationPipe,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Transform, Type as TypeOf } from 'class-transformer';
import { IsInt, ValidateNested } from 'class-validator';
import { defineTask, type TaskContext } from '../../../src';
import {
  embedBroker,
  getTestApp,
  InjectTaskContext,
  Payload,
  switchToTask,
  Task,
  TaskQueue,
  WarrenModule,
} from '../../../src/nest';

let calls = 0;

class Price {
  @Transform(
    ({ value }) => {
      calls += 1;
      return value * 100;
    },
    { toClassOnly: true },
  )
  @IsInt()
  cents!: number;
}
class Cart {
  @TypeOf(() => Price) @ValidateNested({ each: true }) prices!: Price[];
}
class Narrow {
  @IsInt() other!: number;
}

/** Passes on what it gets. */
class Overriding extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    return super.transform(value, metadata);
  }
}
class HeirOfOverriding extends Overriding {}
class WithMetadataOfItsOwn extends ValidationPipe {
  override transform = async (value: unknown): Promise<unknown> =>
    super.transform(value, { type: 'body', metatype: Price });
}
class WithPrivateFields extends ValidationPipe {
  readonly #prefix: string = 'refused: ';
  protected override toValidate(metadata: ArgumentMetadata): boolean {
    return this.#prefix !== '' && super.toValidate(metadata);
  }
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    try {
      return await super.transform(value, metadata);
    } catch (error) {
      throw new BadRequestException(this.#prefix, { cause: error });
    }
  }
}
class Holding implements PipeTransform {
  readonly #inner = new ValidationPipe({ transform: true });
  transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    return this.#inner.transform(value, metadata);
  }
}
@Injectable({ scope: Scope.REQUEST })
class OfTheTask extends ValidationPipe {
  constructor(@InjectTaskContext() private readonly task: TaskContext) {
    super({ transform: true });
  }
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (this.task.name !== 'prices.set') throw new Error('of another task');
    return super.transform(value, metadata);
  }
}
@Injectable()
class Configured extends ValidationPipe {
  constructor(@Inject('options') options: ValidationPipeOptions) {
    super(options);
  }
}

const priced = defineTask('prices.set', { queue: 'prices', payload: Price });

const Body = createParamDecorator((_data: unknown, context: ExecutionContext) => switchToTask(context).getPayload());

function handlerOf(decorator: ParameterDecorator, seen: unknown[]): Type {
  @TaskQueue('prices')
  class Prices {
    @Task(priced) async set(@decorator price: Price) {
      seen.push(price);
    }
  }
  return Prices;
}

async function started(...providers: readonly unknown[]) {
  const module = await embedBroker(
    Test.createTestingModule({
      imports: [WarrenModule.forRoot({ globalEnhancers: ['pipes'] })],
      providers: [{ provide: 'options', useValue: { transform: true } }, ...(providers as Type[])],
    }),
  ).compile();
  return { module, tasks: await getTestApp(module) };
}

beforeEach(() => {
  calls = 0;
});

describe('a payload that a pipe validates', () => {
  it.each<[string, ParameterDecorator, ...unknown[]]>([
    ['a ValidationPipe', Payload(new ValidationPipe({ transform: true }))],
    ['one that does not transform', Payload(new ValidationPipe())],
    ['one with a whitelist', Payload(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }))],
    ['one with an expected type', Payload(new ValidationPipe({ transform: true, expectedType: Price }))],
    ['two in a row', Payload(new ValidationPipe({ transform: true }), new Overriding({ transform: true }))],
    ['a class that overrides transform', Payload(new Overriding({ transform: true }))],
    ['such a class that does not transform', Payload(new Overriding({ whitelist: true }))],
    ['such a class with an expected type', Payload(new Overriding({ transform: true, expectedType: Price }))],
    ['an heir of such a class', Payload(new HeirOfOverriding({ transform: true }))],
    ['a class with metadata of its own', Payload(new WithMetadataOfItsOwn({ transform: true }))],
    ['a class with private fields', Payload(new WithPrivateFields({ transform: true }))],
    ['a frozen pipe', Payload(Object.freeze(new Overriding({ transform: true })))],
    ['a pipe that holds one', Payload(new Holding())],
    ['a class that is injected', Payload(Configured)],
    ['a class of request scope', Payload(OfTheTask)],
    ['one for custom decorators', Body(new ValidationPipe({ transform: true, validateCustomDecorators: true }))],
    ['a global one', Payload(), { provide: APP_PIPE, useValue: new Overriding({ transform: true }) }],
    ['a global class', Payload(), { provide: APP_PIPE, useClass: Configured }],
    ['a global class of request scope', Payload(), { provide: APP_PIPE, useClass: OfTheTask }],
  ])('is made once: %s', async (_what, decorator, ...providers) => {
    const seen: unknown[] = [];
    const { module, tasks } = await started(handlerOf(decorator, seen), ...providers);
    expect(await tasks.perform(priced, { cents: 2 })).toMatchObject({ outcome: 'completed' });
    expect(seen).toEqual([{ cents: 200 }]);
    expect(seen[0]).toBeInstanceOf(Price);
    const callsOfOne = calls;
    await module.close();

    calls = 0;
    const plain = await started(handlerOf(Payload(), []));
    await plain.tasks.perform(priced, { cents: 2 });
    await plain.module.close();
    expect(callsOfOne).toBe(calls);
  });

  it('is made once where a part of it goes through pipes of its own', async () => {
    const filled = defineTask('carts.fill', { queue: 'carts', payload: Cart });
    const seen: unknown[] = [];
    @TaskQueue('carts')
    class Carts {
      @Task(filled) async fill(@Payload('prices', new ParseArrayPipe({ items: Price })) prices: Price[]) {
        seen.push(...prices);
      }
    }
    const { module, tasks } = await started(Carts);
    expect(await tasks.perform(filled, { prices: [{ cents: 2 }, { cents: 3 }] })).toMatchObject({
      outcome: 'completed',
    });
    await module.close();
    expect(seen).toEqual([{ cents: 200 }, { cents: 300 }]);
  });

  it('is made once by a global pipe of the application', async () => {
    const seen: unknown[] = [];
    const module = await embedBroker(
      Test.createTestingModule({
        imports: [WarrenModule.forRoot({ globalEnhancers: true })],
        providers: [handlerOf(Payload(), seen)],
      }),
    ).compile();
    const application = module.createNestApplication();
    application.useGlobalPipes(new Overriding({ transform: true }));
    await application.init();
    const tasks = await getTestApp(application);
    expect(await tasks.perform(priced, { cents: 2 })).toMatchObject({ outcome: 'completed' });
    await application.close();
    expect(seen).toEqual([{ cents: 200 }]);
  });

  it.each([
    ['overrides transform', new Overriding({ expectedType: Narrow })],
    ['has private fields', new WithPrivateFields({ expectedType: Narrow })],
    [
      'holds another',
      { transform: (value: unknown) => new Holding().transform(value, { type: 'body', metatype: Narrow }) },
    ],
  ])('is refused by the options of a pipe that %s', async (_what, pipe) => {
    const seen: unknown[] = [];
    const { module, tasks } = await started(handlerOf(Payload(pipe), seen));
    expect(await tasks.perform(priced, { cents: 2 })).toMatchObject({ outcome: 'dead-lettered', reason: 'failed' });
    await module.close();
    expect(seen).toEqual([]);
  });

  it('is not validated where a pipe of its own decides so', async () => {
    class Never extends ValidationPipe {
      protected override toValidate(): boolean {
        return false;
      }
    }
    const seen: unknown[] = [];
    const pipe = new Never({ groups: ['strict'], strictGroups: true, forbidUnknownValues: true, transform: true });
    const { module, tasks } = await started(handlerOf(Payload(pipe), seen));
    expect(await tasks.perform(priced, { cents: 2 })).toMatchObject({ outcome: 'completed' });
    await module.close();
    expect(seen).toEqual([{ cents: 200 }]);
  });
});

it('a pipe that is used outside of a task does what Nest says', async () => {
  const pipe = new Overriding({ transform: true });
  const { module, tasks } = await started(handlerOf(Payload(pipe), []));
  await tasks.perform(priced, { cents: 2 });
  const body = { type: 'body', metatype: Price } as const;
  const made = await pipe.transform({ cents: 2 }, body);
  expect(made).toEqual({ cents: 200 });
  expect(await pipe.transform(made, body)).toEqual({ cents: 20_000 });
  await module.close();
});

it('a method that is decorated with UsePipes has a payload that is made once', async () => {
  const seen: unknown[] = [];
  @TaskQueue('prices')
  class Prices {
    @Task(priced)
    @UsePipes(Configured, new Overriding({ transform: true }))
    async set(price: Price) {
      seen.push(price);
    }
  }
  const { module, tasks } = await started(Prices);
  expect(await tasks.perform(priced, { cents: 2 })).toMatchObject({ outcome: 'completed' });
  await module.close();
  expect(seen).toEqual([{ cents: 200 }]);
});
