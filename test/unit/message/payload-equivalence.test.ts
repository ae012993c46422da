import { plainToInstance, Type } from 'class-transformer';
import {
  Allow,
  ArrayMinSize,
  Contains,
  IsArray,
  IsBoolean,
  IsDefined,
  IsEmail,
  IsEmpty,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MinLength,
  registerDecorator,
  ValidateIf,
  ValidateNested,
  type ValidationError,
  validate,
} from 'class-validator';
import fc from 'fast-check';
import { compilePayload } from '../../../src/message/payload/compile-payload';
import { MAX_PROBLEMS } from '../../../src/message/payload/problem-list';
import type { ClassType } from '../../../src/task/class-type';
import { payloadTypeOf } from '../../../src/task/payload-type';

function IsEventually(expected: unknown) {
  return (target: object, propertyName: string): void => {
    const validator = { validate: (value: unknown) => Promise.resolve(value === expected) };
    registerDecorator({ target: target.constructor, propertyName, name: 'isEventually', async: true, validator });
  };
}

class Base {
  @IsOptional() @IsString() a?: unknown;
  @IsInt() b!: unknown;
  @IsDefined() c!: unknown;
}

class Flat extends Base {
  /** Overrides the base's: class-validator keeps one kind of decorator of the nearest class. */
  @IsBoolean() override b: unknown = undefined;
  @MinLength(3) @Contains('x') @Matches(/^[a-z]+$/) d!: unknown;
  @IsString({ each: true }) @ArrayMinSize(1) e!: unknown;
  @ValidateIf((flat: Flat) => flat.c === 1) @IsNotEmpty() f!: unknown;
  @IsNumber({}, { validateIf: (_, value) => value !== null }) @Max(10) g!: unknown;
  @IsIn(['a', 'b', null]) @IsOptional() h?: unknown;
  @IsDefined() @ValidateIf((_, value) => value !== 'a') @IsEmpty() i!: unknown;
  @Allow() j?: unknown;
  @IsEmail() @IsOptional() k?: unknown;
  @IsUUID() @IsOptional() l?: unknown;
}

class Leaf {
  @IsInt() n!: unknown;
  @IsOptional() @ValidateNested() @Type(() => Leaf) leaf?: unknown;
}

class Tree {
  @ValidateNested() @Type(() => Leaf) one!: unknown;
  @ValidateNested({ each: true }) @Type(() => Leaf) many!: unknown;
  @IsArray() @ValidateNested() @Type(() => Flat) flats!: unknown;
}

class Slow {
  @IsEventually(1) a!: unknown;
  @IsInt() @IsEventually(2) b!: unknown;
  @ValidateNested() @Type(() => Flat) flat!: unknown;
}

const FLAT = { b: true, c: 1, d: 'xyz', e: ['a'], f: 'f', g: 10, i: '' };
const LEAF = { n: 1, leaf: { n: 2 } };
const CLASSES: readonly (readonly [string, ClassType, object])[] = [
  ['a flat class', Flat, FLAT],
  ['nested classes', Tree, { one: LEAF, many: [LEAF, LEAF], flats: [FLAT] }],
  ['asynchronous validators', Slow, { a: 1, b: 2, flat: FLAT }],
];

/** Every value that some decorator above accepts, and every kind that JSON has. */
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    2,
    10,
    11,
    -1.5,
    '',
    'a',
    'b',
    'xyz',
    'ada@example.com',
    [],
    [null],
    ['a'],
  ),
  fc.constant('6f1a2c1e-1111-4222-8333-abcdefabcdef'),
  fc.jsonValue({ maxDepth: 2 }),
);
const keys = fc.constantFrom(
  ...'abcdefghijkln',
  ...['one', 'many', 'flats', 'flat', 'leaf', 'toString', 'constructor', 'hasOwnProperty', 'x'],
);
const { payload } = fc.letrec<{ payload: unknown; value: unknown }>((tie) => ({
  payload: fc.dictionary(keys, tie('value'), { maxKeys: 12, depthIdentifier: 'p' }),
  value: fc.oneof(
    { depthIdentifier: 'p', maxDepth: 4 },
    scalar,
    tie('payload'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}));

function rulesIn(errors: readonly ValidationError[], parent = ''): string[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const path = /^\d+$/.test(property) ? `${parent}[${property}]` : parent === '' ? property : `${parent}.${property}`;
    return [...Object.keys(constraints).map((rule) => `${path}: ${rule}`), ...rulesIn(children, path)];
  });
}

describe.each(CLASSES)('a payload of %s', (_, type, valid) => {
  const { check } = compilePayload(payloadTypeOf(type), { unknownKeys: 'drop' });

  it('is made and judged as by plainToInstance and validate', async () => {
    let accepted = 0;
    const mostlyValid = fc.dictionary(keys, scalar, { maxKeys: 2 }).map((changes) => ({ ...valid, ...changes }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(payload, mostlyValid), async (json) => {
        const expected = plainToInstance(type as new () => object, withoutConstructors(json)) as object;
        const errors = await validate(expected, { whitelist: true, forbidUnknownValues: true });
        const result = await check(json);
        if (!result.ok) {
          const all = rulesIn(errors);
          const told = result.problems.map(({ path, rule }) => `${path}: ${rule}`);
          // Past so many, the others are only counted.
          if (all.length <= MAX_PROBLEMS) expect(sorted(told)).toEqual(sorted(all));
          else expect(told).toEqual([...told.slice(0, MAX_PROBLEMS), '(payload): more']);
          expect(all).toEqual(expect.arrayContaining(told.slice(0, MAX_PROBLEMS)));
        } else {
          accepted++;
          expect(errors).toEqual([]);
          expect(comparable(result.payload)).toEqual(comparable(expected));
          expect(Object.getPrototypeOf(result.payload)).toBe(type.prototype);
        }
      }),
      { numRuns: 600 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

/** Without `constructor` keys, at which class-transformer throws; as data in free-form objects they are harmless. */
const withoutConstructors = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, item) => (key === 'constructor' ? undefined : item)));
/**
 * What can be compared: free-form objects without keys that every object inherits. Such a key, `valueOf`, is data there
 * and stays, while class-transformer leaves it out. An instance of a class has all its keys compared.
 */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const isFreeForm = Object.getPrototypeOf(value) === Object.prototype;
  const entries = Object.entries(value).filter(([key]) => !(isFreeForm && key in Object.prototype));
  return Object.fromEntries(entries.map(([key, item]) => [key, comparable(item)]));
}
const sorted = (rules: readonly string[]) => [...new Set(rules)].sort();

it('keeps the data of a free-form object under whatever names', async () => {
  const { check } = compilePayload(payloadTypeOf(Flat), { unknownKeys: 'drop' });
  const j = JSON.parse('{ "valueOf": null, "toString": 1, "hasOwnProperty": { "constructor": "x" } }') as object;
  expect(await check({ ...FLAT, j })).toMatchObject({ ok: true, payload: { ...FLAT, j } });
});
