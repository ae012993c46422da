import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { IsDate, IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import { compileClassPayload } from '../../../src/message/payload/class-payload';
import { compilePayload } from '../../../src/message/payload/compile-payload';
import { readTransformerMetadata } from '../../../src/message/payload/transformer-metadata';
import type { ClassType } from '../../../src/task/class-type';
import { payloadTypeOf } from '../../../src/task/payload-type';

const sender = (type: ClassType) => compilePayload(payloadTypeOf(type), { unknownKeys: 'refuse' });
const worker = (type: ClassType) => compilePayload(payloadTypeOf(type), { unknownKeys: 'drop' });

/** What the worker's handler gets of what a sender gave, by way of JSON. */
async function sent(type: ClassType, given: unknown): Promise<unknown> {
  const wire = sender(type).toWire(given);
  if (!wire.ok) return wire.problems;
  const checked = await sender(type).check(wire.payload);
  if (!checked.ok) return checked.problems;
  const received = await worker(type).check(JSON.parse(JSON.stringify(wire.payload)));
  return received.ok ? received.payload : received.problems;
}

class Circle {
  @IsInt() radius!: number;
}

class Square {
  @IsInt() side!: number;
}

class Drawing {
  @IsDate() @Type(() => Date) at!: Date;
  @IsOptional()
  @ValidateNested()
  @Type(() => Object, {
    discriminator: {
      property: 'shape',
      subTypes: [
        { name: 'circle', value: Circle },
        { name: 'square', value: Square },
      ],
    },
  })
  shapes?: (Circle | Square)[];
  @IsOptional() @ValidateNested() @Type(() => Circle) byName?: Map<string, Circle>;
}

class Person {
  @Expose({ name: 'user_id' }) @IsInt() userId!: number;
  @Transform(({ value }) => (typeof value === 'string' ? value.trim() : value)) @IsString() name!: string;
  @Exclude() @IsOptional() @IsString() password?: string;
}

describe("class-transformer's decorators", () => {
  it('make dates of texts, from an object and from an instance', async () => {
    const at = new Date(0);
    for (const given of [{ at }, Object.assign(new Drawing(), { at }), { at: at.toISOString() }]) {
      expect(await sent(Drawing, given)).toStrictEqual(Object.assign(new Drawing(), { at }));
    }
    expect(await sent(Drawing, { at: 'never' })).toMatchObject([{ path: 'at', rule: 'isDate' }]);
  });

  it('choose the class of an object by its discriminator, with its keys and rules', () => {
    const shapes = [
      { shape: 'circle', radius: 1, side: 2 },
      { shape: 'square', side: 2, radius: 1 },
    ];
    const made = worker(Drawing).check({ at: 0, shapes });
    const expected = [Object.assign(new Circle(), { radius: 1 }), Object.assign(new Square(), { side: 2 })];
    expect(made).toMatchObject({ ok: true });
    expect((made as unknown as { payload: Drawing }).payload.shapes).toStrictEqual(expected);
    expect(shapes[0]).toEqual({ shape: 'circle', radius: 1, side: 2 });
    expect(sender(Drawing).check({ at: 0, shapes })).toMatchObject({
      problems: [{ path: 'shapes[0].side' }, { path: 'shapes[1].radius' }],
    });
    expect(worker(Drawing).check({ at: 0, shapes: [{ shape: 'square', side: 'x' }] })).toMatchObject({
      problems: [{ path: 'shapes[0].side', rule: 'isInt' }],
    });
  });

  it.each([
    [[null]],
    [[{ shape: 'hexagon' }]],
    [[{}]],
    [5],
    ['x'],
    [{ shape: '__proto__' }],
    [[[{ shape: 'circle' }]]],
  ])('find an object without a fitting discriminator wrong: %j', (shapes) => {
    expect(worker(Drawing).check({ at: 0, shapes })).toMatchObject({ ok: false });
  });

  it('make maps, whose keys are data, of objects with known keys', () => {
    const byName = { 'a b': { radius: 1, x: 1 }, c: { radius: 2 } };
    const made = worker(Drawing).check({ at: 0, byName });
    const circle = (radius: number) => Object.assign(new Circle(), { radius });
    expect((made as unknown as { payload: Drawing }).payload.byName).toStrictEqual(
      new Map([
        ['a b', circle(1)],
        ['c', circle(2)],
      ]),
    );
    expect(sender(Drawing).check({ at: 0, byName })).toMatchObject({ problems: [{ path: 'byName["a b"].x' }] });
    expect(worker(Drawing).check({ at: 0, byName: { c: { radius: 'x' } } })).toMatchObject({
      problems: [{ path: 'byName.c.radius', rule: 'isInt' }],
    });
  });

  it('write an instance with a map so that it arrives as one', async () => {
    const byName = new Map([['c', Object.assign(new Circle(), { radius: 2 })]]);
    const drawing = Object.assign(new Drawing(), { at: new Date(0), byName });
    expect(await sent(Drawing, drawing)).toStrictEqual(drawing);
  });

  it('rename, transform and leave out', async () => {
    const person = Object.assign(new Person(), { userId: 1, name: 'Ada', password: 'hunter2' });
    expect(sender(Person).toWire(person)).toEqual({ ok: true, payload: { user_id: 1, name: 'Ada' } });
    const expected = Object.assign(new Person(), { userId: 1, name: 'Ada' });
    expect(await sent(Person, person)).toEqual(expected);
    expect(await sent(Person, { user_id: 1, name: ' Ada ' })).toEqual(expected);
    expect(await sent(Person, { userId: 2, user_id: 1, name: 'Ada' })).toEqual(expected);
    expect(await sent(Person, { userId: 1, name: 'Ada', password: 'hunter2' })).toEqual(expected);
  });

  it('that only write are left alone by what reads', async () => {
    class Event {
      @Transform(({ value }) => `#${value}`, { toPlainOnly: true }) @IsString() id!: string;
    }
    expect(sender(Event).toWire(Object.assign(new Event(), { id: 'a' }))).toEqual({ ok: true, payload: { id: '#a' } });
    expect(worker(Event).check({ id: 'a' })).toEqual({ ok: true, payload: { id: 'a' } });
  });

  it('may choose the class by looking at the payload', () => {
    class Envelope {
      @IsString() kind!: string;
      @ValidateNested() @Type((help) => (help?.object['kind'] === 'circle' ? Circle : Square)) shape!: object;
    }
    expect(worker(Envelope).check({ kind: 'circle', shape: { radius: 1 } })).toMatchObject({ ok: true });
    expect(worker(Envelope).check({ kind: 'square', shape: { radius: 1 } })).toMatchObject({
      problems: [{ path: 'shape.side', rule: 'isInt' }],
    });
  });

  it('let free-form objects have a key that is called constructor', () => {
    class Free {
      @IsObject() data!: object;
      @IsDate() @Type(() => Date) at!: Date;
    }
    const data = { constructor: 'Lotus', list: [{ constructor: 1, x: 2 }] };
    expect(worker(Free).check({ at: 0, data })).toEqual({
      ok: true,
      payload: { at: new Date(0), data },
    });
  });
});

describe('what throws while a payload is made', () => {
  const failure = (message: string) => ({ ok: false, problems: [{ path: '(payload)', rule: 'transform', message }] });

  it('is a problem: a @Transform, reading and writing', () => {
    class Thrower {
      @Transform(({ value }) => value.hunter2.now) @IsString() a!: string;
    }
    expect(worker(Thrower).check({ a: 'a' })).toEqual(failure('making Thrower threw TypeError'));
    expect(sender(Thrower).toWire(Object.assign(new Thrower(), { a: 'a' }))).toEqual(
      failure('writing Thrower threw TypeError'),
    );
  });

  it('is a problem: a setter, a frozen instance, a getter of the sender', () => {
    class Picky {
      @IsString() set a(_: string) {
        throw new RangeError('hunter2');
      }
    }
    class Frozen {
      @IsString() a = 'a';
      constructor() {
        Object.freeze(this);
      }
    }
    expect(worker(Picky).check({ a: 'a' })).toEqual(failure('making Picky threw RangeError'));
    expect(worker(Frozen).check({ a: 'b' })).toEqual(failure('making Frozen threw TypeError'));
    const given = {
      get a(): string {
        throw new Error('hunter2');
      },
    };
    expect(sender(Frozen).check(given)).toEqual(failure('making Frozen threw Error'));
  });
});

describe('a class that cannot be made without arguments', () => {
  const words = (name: string, error: string) =>
    `class ${name}: its constructor threw ${error} when it was called without arguments, as it is for each payload: give its parameters defaults, or move what it does to a static method`;
  const problemsOf = (type: ClassType) => {
    try {
      worker(type);
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      return (error as ConfigurationError).problems;
    }
  };
  class Strict {
    @IsString() a!: string;
    constructor(options: { a: string }) {
      this.a = options.a.trim();
    }
  }
  class Refusing {
    @IsInt() a!: number;
    constructor() {
      throw 'hunter2';
    }
  }

  it('is found when the task is prepared, and named without what was thrown', () => {
    expect(problemsOf(Strict)).toEqual([words('Strict', 'TypeError')]);
    expect(problemsOf(Refusing)).toEqual([words('Refusing', 'string')]);
  });

  it('is found where it is nested: in an object, an array, a map, behind a discriminator', () => {
    class One {
      @ValidateNested() @Type(() => Strict) strict!: Strict;
      @ValidateNested({ each: true }) @Type(() => Refusing) list!: Refusing[];
    }
    class Map1 {
      @ValidateNested() @Type(() => Strict) byName!: Map<string, Strict>;
    }
    class Chosen {
      @ValidateNested()
      @Type(() => Circle, { discriminator: { property: 'kind', subTypes: [{ name: 'strict', value: Strict }] } })
      shape!: Circle | Strict;
    }
    expect(problemsOf(One)).toEqual([words('Strict', 'TypeError'), words('Refusing', 'string')]);
    expect(problemsOf(Map1)).toEqual([words('Strict', 'TypeError')]);
    expect(problemsOf(Chosen)).toEqual([words('Strict', 'TypeError')]);
  });

  it('may have parameters that it can do without', () => {
    class Named {
      @IsString() a: string;
      constructor(a = 'x') {
        this.a = a;
      }
    }
    expect(worker(Named).check({})).toEqual({ ok: true, payload: { a: 'x' } });
  });
});

describe('circles and depth', () => {
  class Node {
    @IsString() id!: string;
    @IsOptional() @ValidateNested() @Type(() => Node) next?: Node;
    @IsOptional() @ValidateNested() @Type(() => Node) other?: Node;
  }
  class Dated extends Node {
    @IsOptional() @IsDate() @Type(() => Date) at?: Date;
  }
  const limit = {
    ok: false,
    problems: [
      {
        path: '(payload)',
        rule: 'limit',
        message: 'it is nested deeper than 64 levels (maxDepth), or refers to itself',
      },
    ],
  };

  it.each([Node, Dated])('are refused at the sender of %p', (type) => {
    const circle: Record<string, unknown> = { id: 'a' };
    circle['next'] = circle['other'] = circle;
    expect(sender(type).check(circle)).toEqual(limit);
    expect(sender(Dated).toWire(Object.assign(new Dated(), circle))).toEqual(limit);
  });

  it.each([
    [63, true],
    [64, false],
  ])('count from the payload itself: %d objects below it', (below, ok) => {
    let value: object = { id: 'a' };
    for (let i = 0; i < below; i++) value = { id: 'a', next: value };
    expect(sender(Node).check(value)).toMatchObject({ ok });
    expect(worker(Node).check(value)).toMatchObject({ ok });
  });

  it('made by a @Transform end, too', () => {
    class Parent {
      @IsString() id!: string;
      @ValidateNested()
      @Transform(({ value }) => {
        const children: Parent[] = [Object.assign(new Parent(), value), Object.assign(new Parent(), value)];
        for (const child of children) child.children = children;
        return children;
      })
      children!: Parent[];
    }
    expect(worker(Parent).check({ id: 'a', children: { id: 'b' } })).toEqual(limit);
  });
});

describe("class-transformer's metadata", () => {
  class Renamed {
    @Expose({ name: 'user_id' }) userId!: number;
  }

  it('are found', () => {
    const metadata = readTransformerMetadata();
    expect(metadata?.propertiesOf(Renamed)).toEqual(['userId']);
    expect(metadata?.wireNameOf(Renamed, 'userId')).toBe('user_id');
    expect(metadata?.wireNameOf(Renamed, 'other')).toBe('other');
  });

  it.each([
    [
      'the module is not there',
      () => {
        throw new Error('Cannot find module');
      },
    ],
    ['it exports something else', () => undefined],
    ['its fields have other names', () => ({ types: new Map() })],
    [
      'it is another copy',
      () => ({
        _typeMetadatas: new Map(),
        _exposeMetadatas: new Map(),
        _excludeMetadatas: new Map(),
        _transformMetadatas: new Map(),
      }),
    ],
  ])('are not trusted where %s', (_, load) => {
    expect(readTransformerMetadata(load)).toBeUndefined();
  });

  it('are not needed for a flat class, which class-transformer then makes', () => {
    class Flat {
      @Transform(({ value }) => Number(value)) @IsInt() a!: number;
    }
    const { check } = compileClassPayload(Flat, { unknownKeys: 'drop' }, null);
    expect(check({ a: '5', x: 1 })).toEqual({ ok: true, payload: { a: 5 } });
  });

  it('are needed for nested classes, and said to be', () => {
    expect(() => compileClassPayload(Drawing, { unknownKeys: 'drop' }, null)).toThrow(ConfigurationError);
    expect(() => compileClassPayload(Drawing, { unknownKeys: 'drop' }, null)).toThrow(
      'keep class-transformer out of the bundle',
    );
  });
});
