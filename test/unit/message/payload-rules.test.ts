import { Type } from 'class-transformer';
import {
  Equals,
  IsDate,
  IsEmail,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsString,
  Length,
  Matches,
  MinLength,
  registerDecorator,
  Validate,
  ValidateIf,
  ValidateNested,
  type ValidationArguments,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
  validateSync,
} from 'class-validator';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import type { PayloadProblem } from '../../../src/errors/enqueue-errors';
import { compilePayload } from '../../../src/message/payload/compile-payload';
import type { ClassType } from '../../../src/task/class-type';
import { payloadTypeOf } from '../../../src/task/payload-type';

const worker = (type: ClassType) => compilePayload(payloadTypeOf(type), { unknownKeys: 'drop' });

async function problemsOf(type: ClassType, value: unknown): Promise<readonly PayloadProblem[]> {
  const result = await worker(type).check(value);
  return result.ok ? [] : result.problems;
}

function IsFine(validate: (value: unknown, args?: ValidationArguments) => boolean | Promise<boolean>, async = true) {
  return (target: object, propertyName: string): void =>
    registerDecorator({ target: target.constructor, propertyName, name: 'isFine', async, validator: { validate } });
}

const SECRET = 'hunter2';

describe('the message of a problem', () => {
  class Plain {
    @IsEmail() to!: string;
    @Length(3, 5) code!: string;
    @IsIn(['a', 'b']) kind!: string;
    @IsString({ each: true }) tags!: string[];
    @Equals(Symbol('mark')) mark!: symbol;
  }

  it("is class-validator's, without the property that stands beside it", async () => {
    expect(await problemsOf(Plain, { to: 1, code: 'ab', kind: 1, tags: [1], mark: 1 })).toEqual([
      { path: 'to', rule: 'isEmail', message: 'must be an email' },
      { path: 'code', rule: 'isLength', message: 'must be longer than or equal to 3 characters' },
      { path: 'kind', rule: 'isIn', message: 'must be one of the following values: a, b' },
      { path: 'tags', rule: 'isString', message: 'each value must be a string' },
      { path: 'mark', rule: 'equals', message: 'must be equal to mark' },
    ]);
  });

  it.each(['', 'ab', 'abcdefgh', 5, null, undefined, {}])('is what class-validator says of %j', async (value) => {
    const payload = { to: value, code: value, kind: value, tags: value, mark: value };
    const theirs = validateSync(Object.assign(new Plain(), payload)).map(({ property, constraints = {} }) =>
      Object.values(constraints).map((text) => text.replace(`in ${property} `, '').replace(`${property} `, '')),
    );
    expect((await problemsOf(Plain, payload)).map(({ message }) => [message])).toEqual(theirs);
  });

  class Custom {
    @MinLength(10, { message: '$target.$property is "$value", shorter than $constraint1$constraint2' }) a!: string;
    @MinLength(10, { message: (args) => `got ${args.value} of ${JSON.stringify(args.object)} in ${args.property}` })
    b!: string;
    @MinLength(10, { message: (args) => `got ${args.value.toFixed(2)}` }) c!: string;
    @Matches(/^x/, { message: '' }) d!: string;
    @IsFine(() => false) e!: string;
  }

  it('has a mask for the value, whoever made the message', async () => {
    const value = { a: SECRET, b: SECRET, c: 4711, d: SECRET, e: 4711 };
    expect(await problemsOf(Custom, value)).toEqual([
      { path: 'a', rule: 'minLength', message: 'Custom.a is "[value]", shorter than 10$constraint2' },
      { path: 'b', rule: 'minLength', message: 'got ******* of {} in b' },
      { path: 'c', rule: 'minLength', message: 'breaks the rule minLength' },
      { path: 'd', rule: 'matches', message: 'must match /^x/ regular expression' },
      { path: 'e', rule: 'isFine', message: 'breaks the rule isFine' },
    ]);
  });

  it('has a mask in the default message of a validator class, which sees the value itself', async () => {
    @ValidatorConstraint({ name: 'isShort' })
    class IsShort implements ValidatorConstraintInterface {
      validate(value: unknown): boolean {
        return value !== SECRET;
      }
      defaultMessage(args: ValidationArguments): string {
        return `($value) ${args.value} is wrong`;
      }
    }
    class Own {
      @Validate(IsShort) a!: string;
    }
    expect(await problemsOf(Own, { a: 'fine' })).toEqual([]);
    expect(await problemsOf(Own, { a: SECRET })).toEqual([
      { path: 'a', rule: 'isShort', message: '([value]) ******* is wrong' },
    ]);
  });

  it('is cut', async () => {
    class Long {
      @IsInt({ message: 'é'.repeat(1_000) }) a!: number;
    }
    const [problem] = await problemsOf(Long, {});
    expect(Buffer.byteLength(problem?.message ?? '')).toBeLessThanOrEqual(300);
  });
});

describe('a list of problems', () => {
  class Line {
    @IsInt() n!: number;
  }
  class Page {
    @ValidateNested() @Type(() => Line) lines!: Line[];
  }

  it('has the path of each, through objects and arrays', async () => {
    class Book {
      @ValidateNested() @Type(() => Page) pages!: Page[][];
      @ValidateNested() @Type(() => Page) last!: Page;
    }
    const value = { pages: [[{ lines: [] }, { lines: [{ n: 1 }, { n: 'x' }, 5, null] }]], last: { lines: 'none' } };
    expect((await problemsOf(Book, value)).map(({ path, rule }) => [path, rule])).toEqual([
      ['pages[0][1].lines[1].n', 'isInt'],
      ['pages[0][1].lines[2]', 'nestedValidation'],
      ['pages[0][1].lines[3]', 'nestedValidation'],
      ['last.lines', 'nestedValidation'],
    ]);
  });

  it('ends after fifty with how many more there are', async () => {
    const problems = await problemsOf(Page, { lines: Array.from({ length: 1_234 }, () => ({ n: 'x' })) });
    expect(problems).toHaveLength(51);
    expect(problems[49]).toMatchObject({ path: 'lines[49].n', rule: 'isInt' });
    expect(problems[50]).toEqual({ path: '(payload)', rule: 'more', message: 'and 1184 more problems' });
  });

  it('has exactly fifty when there are fifty', async () => {
    expect(await problemsOf(Page, { lines: Array.from({ length: 50 }, () => ({})) })).toHaveLength(50);
  });
});

describe('a validator', () => {
  it('that is asynchronous makes the check a promise, and is waited for', async () => {
    class Slow {
      @IsFine((value) => new Promise((resolve) => setImmediate(resolve, value === 1))) a!: number;
    }
    const check = worker(Slow).check({ a: 1 });
    expect(check).toBeInstanceOf(Promise);
    expect(await check).toEqual({ ok: true, payload: { a: 1 } });
    expect(await problemsOf(Slow, { a: 2 })).toMatchObject([{ path: 'a', rule: 'isFine' }]);
  });

  it('that gives a promise without saying so is waited for too', async () => {
    class Sly {
      @IsFine(() => Promise.resolve(false), false) a!: number;
    }
    expect(await problemsOf(Sly, {})).toMatchObject([{ path: 'a', rule: 'isFine' }]);
  });

  it('that is asynchronous only now and then makes a promise only then', () => {
    class Mixed {
      @IsFine((value) => (value === 1 ? true : Promise.resolve(true))) a!: number;
    }
    const { check } = worker(Mixed);
    expect(check({ a: 1 })).toEqual({ ok: true, payload: { a: 1 } });
    expect(check({ a: 2 })).toBeInstanceOf(Promise);
  });

  it("is asked once for each payload, with class-validator's arguments", async () => {
    const seen: unknown[] = [];
    const note = (value: unknown, args?: ValidationArguments) => {
      seen.push([value, args?.value, args?.property, args?.targetName, args?.object instanceof Asked]);
      return false;
    };
    class Asked {
      @IsFine(note) a!: number;
    }
    await problemsOf(Asked, { a: 1 });
    expect(seen).toEqual([[1, 1, 'a', 'Asked', true]]);
  });

  it.each([
    [
      'an error',
      () => {
        throw new TypeError(SECRET);
      },
      'TypeError',
    ],
    [
      'a text',
      () => {
        throw SECRET;
      },
      'string',
    ],
    [
      'nothing',
      () => {
        throw undefined;
      },
      'undefined',
    ],
    ['an error, later', () => Promise.reject(new RangeError(SECRET)), 'RangeError'],
    ['nothing, later', () => Promise.reject(), 'undefined'],
  ])('that throws %s is a problem beside the others', async (_, validate, name) => {
    class Thrower {
      @IsInt() before!: number;
      @IsFine(validate) a!: number;
      @IsInt() after!: number;
    }
    const found = await problemsOf(Thrower, {});
    expect(found.map(({ path, rule }) => [path, rule]).sort()).toEqual([
      ['a', 'validator'],
      ['after', 'isInt'],
      ['before', 'isInt'],
    ]);
    expect(found.find(({ rule }) => rule === 'validator')?.message).toBe(`a validator threw ${name}`);
  });

  it.each([
    [
      'a condition',
      ValidateIf(() => {
        throw new TypeError(SECRET);
      }),
    ],
    [
      'a validateIf option',
      IsNotEmpty({
        validateIf: () => {
          throw new TypeError(SECRET);
        },
      }),
    ],
  ])('whose condition throws is a problem: %s', async (_, decorate) => {
    class Conditional {
      @IsString() a!: string;
    }
    decorate(Conditional.prototype, 'a');
    expect(await problemsOf(Conditional, { a: 'a' })).toEqual([
      { path: 'a', rule: 'validator', message: 'a validator threw TypeError' },
    ]);
  });

  it('of a property whose getter throws is a problem', async () => {
    class Getter {
      @IsString() get a(): string {
        throw new TypeError(SECRET);
      }
    }
    expect(await problemsOf(Getter, {})).toMatchObject([{ path: 'a', rule: 'validator' }]);
  });
});

describe('a class that nothing could satisfy is a configuration error', () => {
  const refuse = (type: ClassType) => {
    try {
      worker(type);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      return (error as ConfigurationError).problems;
    }
    return [];
  };

  it('without class-validator decorators', () => {
    class Bare {
      a = 1;
    }
    class Typed {
      @Type(() => Date) at!: Date;
    }
    expect(refuse(Bare)).toEqual([
      "class Bare has no class-validator decorators, so no payload could be checked: decorate its properties (@IsString(), @IsInt() …), or declare payload: 'unchecked'",
    ]);
    expect(refuse(Typed)).toHaveLength(1);
  });

  it('with nested objects or dates of no type, each named', () => {
    class Nested {
      @ValidateNested() child!: object;
      @IsDate() at!: Date;
      @IsDate() @Type(() => Date) fine!: Date;
    }
    expect(refuse(Nested)).toEqual([
      'Nested.child: @ValidateNested() without @Type(() => Class) would find every value invalid; add @Type. If it has @Type, your code and Warren use two copies of class-transformer: "npm ls class-transformer" shows them, "npm dedupe" leaves one; keep it out of bundles',
      'Nested.at: @IsDate() without @Type(() => Date) would find every value invalid, since JSON has no dates; add @Type, or use @IsISO8601(). If it has @Type, your code and Warren use two copies of class-transformer: "npm ls class-transformer" shows them, "npm dedupe" leaves one; keep it out of bundles',
    ]);
  });

  it('with types that are not there', () => {
    class Broken {
      @ValidateNested() @Type(() => undefined as unknown as typeof Date) a!: object;
      @ValidateNested()
      @Type(() => {
        throw new ReferenceError('later');
      })
      b!: object;
    }
    expect(refuse(Broken)).toEqual([
      'Broken.a: @Type() gives undefined: its class is not loaded yet, because two files import each other; move one of the classes',
      'Broken.b: the function of @Type threw ReferenceError',
    ]);
  });

  it('with a nested class of no decorators, at any depth', () => {
    class Empty {}
    class Middle {
      @ValidateNested() @Type(() => Empty) empty!: Empty;
    }
    class Outer {
      @ValidateNested() @Type(() => Middle) middle!: Middle;
    }
    expect(refuse(Outer)).toEqual([
      'Middle.empty: @ValidateNested() needs class-validator decorators on Empty, which has none',
    ]);
  });
});
