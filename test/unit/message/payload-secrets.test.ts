import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { Allow, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { compileClassPayload } from '../../../src/message/payload/class-payload';
import type { ClassType } from '../../../src/task/class-type';
import { bodyOf, problemsOf, sender } from './round-trip';

const SECRET = 'hunter2';

class User {
  @IsString() name!: string;
  @Exclude() @IsOptional() @IsString() password?: string;
}
class WriteOnly {
  @IsString() name!: string;
  @Exclude({ toPlainOnly: true }) @IsOptional() @IsString() password?: string;
}
@Exclude()
class Closed {
  @Expose() @IsString() name!: string;
  @IsOptional() @IsString() password?: string;
}
class Grouped {
  @IsString() name!: string;
  @Expose({ groups: ['admin'] }) @IsOptional() @IsString() password?: string;
}
class Renamed {
  @IsString() name!: string;
  @Exclude() @Expose({ name: 'pass_word' }) @IsOptional() @IsString() password?: string;
}
class Heir extends User {
  @IsOptional() @IsInt() age?: number;
}
class HeirOfClosed extends Closed {
  @IsOptional() @IsInt() age?: number;
}
class HeirThatExcludes extends WriteOnly {
  @Exclude() @IsOptional() @IsString() token?: string;
}

const CLASSES: readonly ClassType[] = [User, WriteOnly, Closed, Grouped, Renamed, Heir, HeirOfClosed, HeirThatExcludes];
const make = (type: ClassType, given: object) => Object.assign(new (type as new () => object)(), given);

describe.each(CLASSES)('what %p excludes', (type) => {
  const given = { name: 'Ada', password: SECRET };

  it.each<[string, unknown]>([
    ['a plain object', given],
    ['an instance', make(type, given)],
    ['an object without a prototype', Object.assign(Object.create(null), given)],
    ['an instance of a class that extends it', make(class extends (type as new () => object) {}, given)],
    ['a frozen object', Object.freeze({ ...given })],
    ['what toJSON gives', { toJSON: () => given }],
  ])('is not sent in %s, which stays as it was', async (_, payload) => {
    const before = { ...(payload as object) };
    expect(await bodyOf(type, payload)).toBe('{"name":"Ada"}');
    expect({ ...(payload as object) }).toEqual(before);
  });

  it('is not sent from wherever it is nested, in whatever mixture of objects and instances', async () => {
    class Holder {
      @IsOptional() @ValidateNested() @Type(() => type) one?: object;
      @IsOptional() @ValidateNested({ each: true }) @Type(() => type) many?: object[];
      @IsOptional() @ValidateNested({ each: true }) @Type(() => type) byName?: Map<string, object>;
      @IsOptional() @ValidateNested({ each: true }) @Type(() => type) all?: Set<object>;
      @IsOptional() @ValidateNested() @Type((_) => type) chosen?: object;
      @IsOptional()
      @ValidateNested()
      @Type(() => Object, {
        discriminator: { property: 'kind', subTypes: [{ name: 'it', value: type as new () => object }] },
      })
      tagged?: object;
      @IsOptional() @ValidateNested() @Type(() => Holder) below?: Holder;
    }
    const leaf = fc.constantFrom(given, make(type, given));
    const tagged = fc.constantFrom({ kind: 'it', ...given }, make(type, given));
    const { holder } = fc.letrec<{ holder: object }>((tie) => ({
      holder: fc
        .record(
          {
            one: leaf,
            many: fc.array(leaf, { maxLength: 3 }),
            byName: fc.oneof(
              fc.dictionary(fc.constantFrom('a', 'b'), leaf),
              leaf.map((each) => new Map([['a', each]])),
            ),
            all: fc.oneof(
              fc.array(leaf, { maxLength: 2 }),
              leaf.map((each) => new Set([each])),
            ),
            chosen: leaf,
            tagged,
            below: fc.oneof({ maxDepth: 3 }, fc.constant(undefined), tie('holder')),
          },
          { requiredKeys: [] },
        )
        .chain((record) => fc.constantFrom(record, make(Holder, record))),
    }));
    await fc.assert(
      fc.asyncProperty(holder, async (payload) => {
        const before = JSON.stringify(payload);
        expect(await bodyOf(Holder, payload)).not.toContain(SECRET);
        expect(JSON.stringify(payload)).toBe(before);
      }),
      { numRuns: 100 },
    );
  });
});

it('is not sent under the name that @Expose gives it', async () => {
  expect(await bodyOf(Renamed, { name: 'Ada', pass_word: SECRET })).toBe('{"name":"Ada"}');
});

it('is not sent in an instance of a class that extends the payload class and excludes more', async () => {
  class Account extends User {
    @Exclude() @IsOptional() @IsString() token?: string;
  }
  const account = make(Account, { name: 'Ada', token: SECRET });
  expect(await bodyOf(User, account)).toBe('{"name":"Ada"}');
  class Holder {
    @ValidateNested() @Type(() => User) user!: User;
  }
  expect(await bodyOf(Holder, { user: account })).toBe('{"user":{"name":"Ada"}}');
});

it("is not sent where an entity's own class excludes it, and the payload class would take it", async () => {
  class Sent {
    @IsString() name!: string;
    @IsOptional() @IsString() password?: string;
  }
  class Entity {
    name = 'Ada';
    @Exclude() password = SECRET;
  }
  expect(await bodyOf(Sent, new Entity())).toBe('{"name":"Ada"}');
});

it('is not sent where the class does not know the key, and leaves out whatever @Expose does not name', async () => {
  expect(await bodyOf(Closed, { name: 'Ada', salt: SECRET })).toBe('{"name":"Ada"}');
  expect(await bodyOf(Closed, make(Closed, { name: 'Ada', salt: SECRET }))).toBe('{"name":"Ada"}');
});

it('is not sent where the property has no other decorator', async () => {
  class Salted {
    @IsString() name!: string;
    @Exclude() salt?: string;
  }
  for (const given of [{ name: 'Ada', salt: SECRET }, make(Salted, { name: 'Ada', salt: SECRET })]) {
    expect(await bodyOf(Salted, given)).toBe('{"name":"Ada"}');
  }
});

it('is missing for the rules, so that a sender sees what the worker would find', async () => {
  class Login {
    @Exclude({ toPlainOnly: true }) @IsString() password!: string;
  }
  expect(await problemsOf(Login, { password: SECRET })).toMatchObject([{ path: 'password', rule: 'isString' }]);
});

it('is sent where the class excludes it from reading only', async () => {
  class Log {
    @Exclude({ toClassOnly: true }) @IsOptional() @IsString() note?: string;
  }
  expect(await bodyOf(Log, { note: 'a' })).toBe('{"note":"a"}');
});

it('an instance in free-form data is refused, since its decorators have no effect there', async () => {
  class Report {
    @Allow() data: unknown;
  }
  const [problem] = await problemsOf(Report, { data: { users: [make(User, { password: SECRET })] } });
  expect(problem).toMatchObject({ path: 'data.users[0]', rule: 'type' });
  expect(problem?.message).toContain('declare the property with @Type(() => User)');
});

it("is not sent where class-transformer's metadata cannot be read", () => {
  class Sealed extends User {
    @Transform(({ value }) => value) @IsOptional() @IsInt() age?: number;
  }
  const { toWire } = compileClassPayload(Sealed, { unknownKeys: 'refuse' }, null);
  expect(toWire({ name: 'Ada', password: SECRET, age: 1 })).toEqual({ ok: true, payload: { name: 'Ada', age: 1 } });
  expect(toWire(make(Sealed, { name: 'Ada', password: SECRET }))).toEqual({ ok: true, payload: { name: 'Ada' } });
});

it('a discriminator is written without a change to the instance', () => {
  class Circle {
    @IsInt() radius!: number;
  }
  class Drawing {
    @ValidateNested()
    @Type(() => Object, { discriminator: { property: 'kind', subTypes: [{ name: 'circle', value: Circle }] } })
    shape!: Circle;
  }
  const drawing = make(Drawing, { shape: Object.freeze(make(Circle, { radius: 1 })) });
  expect(sender(Drawing).toWire(drawing)).toEqual({ ok: true, payload: { shape: { radius: 1, kind: 'circle' } } });
});
