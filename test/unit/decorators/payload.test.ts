import { transformSync } from 'esbuild';
import { resolveDefinitions } from '../../../src/decorators/resolve-definitions';
import { Task, taskDecorator } from '../../../src/decorators/task';
import { TaskQueue } from '../../../src/decorators/task-queue';
import type { ClassType } from '../../../src/task/class-type';
import type { TaskContext } from '../../../src/task/context';
import { defineTask } from '../../../src/task/contract';
import { describePayloadType } from '../../../src/task/payload-type';
import { problemsOf } from './problems-of';

class Invoice {
  total!: number;
}

interface InvoiceShape {
  total: number;
}

enum Size {
  Small = 1,
}

/** The payloads of a class by method, in words. */
function payloadsOf(type: ClassType): Readonly<Record<string, string>> {
  const definitions = resolveDefinitions([type]).definitionsOf(type);
  return Object.fromEntries(
    [...definitions].map(([method, task]) => [String(method), describePayloadType(task.payload)]),
  );
}

/** Runs decorated code that esbuild compiled, which emits no metadata. */
function compiledByEsbuild(source: string): ClassType {
  const compilerOptions = { experimentalDecorators: true, emitDecoratorMetadata: true };
  const { code } = transformSync(source, { loader: 'ts', tsconfigRaw: { compilerOptions } });
  const run = new Function('Task', 'TaskQueue', 'X', `${code}; return Tasks;`);
  return run(Task, TaskQueue, Invoice) as ClassType;
}

describe("a task's payload", () => {
  it("is the type of the method's first parameter", () => {
    @TaskQueue('q')
    class Tasks {
      @Task() invoice(_payload: Invoice, _task: TaskContext): void {}
      @Task() optional(_payload?: Invoice): void {}
      @Task() text(_payload: string): void {}
      @Task() amount(_payload: number): void {}
      @Task() flag(_payload: boolean): void {}
      @Task() size(_payload: Size): void {}
    }
    expect(payloadsOf(Tasks)).toEqual({
      invoice: 'Invoice',
      optional: 'Invoice',
      text: 'string',
      amount: 'number',
      flag: 'boolean',
      size: 'number',
    });
  });

  it('is that of the parameter that a framework names', () => {
    const second = taskDecorator(undefined, undefined, () => 1);
    const none = taskDecorator({ payload: undefined }, undefined, () => -1);
    @TaskQueue('q')
    class Tasks {
      @(second as unknown as MethodDecorator) invoice(_task: TaskContext, _payload: Invoice): void {}
      @none nothing(_tenant: string): void {}
    }
    expect(payloadsOf(Tasks)).toEqual({ invoice: 'Invoice', nothing: 'none' });
  });

  it('is none where there is no parameter, or one that is nothing', () => {
    @TaskQueue('q')
    class Tasks {
      @Task() tick(): void {}
      @Task() tock(_payload: undefined, _task: TaskContext): void {}
    }
    expect(payloadsOf(Tasks)).toEqual({ tick: 'none', tock: 'none' });
  });

  it('is what the option says, whatever the compiler saw', () => {
    @TaskQueue('q')
    class Tasks {
      @Task({ payload: Invoice }) shape(_payload: InvoiceShape): void {}
      @Task({ payload: 'unchecked' }) any(_payload: InvoiceShape[]): void {}
      @Task({ payload: 'none' }) nothing(_payload: unknown): void {}
      @Task({ payload: Number }) amount(_payload: unknown): void {}
    }
    expect(payloadsOf(Tasks)).toEqual({ shape: 'Invoice', any: 'unchecked', nothing: 'none', amount: 'number' });
  });

  it("is the contract's, whatever the compiler saw", () => {
    const contract = defineTask('q.invoice', { queue: 'q', payload: Invoice });
    class Tasks {
      @Task(contract) shape(_payload: InvoiceShape): void {}
    }
    expect(payloadsOf(Tasks)).toEqual({ shape: 'Invoice' });
  });

  it.each([
    ['interface', '"Object", which stands for an interface, a union, a type alias'],
    ['union', '"Object", which stands for an interface, a union, a type alias'],
    ['unknown', '"Object", which stands for an interface, a union, a type alias'],
    ['list', '"Array", not what is in it. Give it a class that holds the array'],
    ['instant', '"Date", which is no class of your own that JSON could fill'],
    ['bytes', '"Buffer", which is no class of your own that JSON could fill'],
    ['callback', '"Function", which is no class of your own that JSON could fill'],
  ])('cannot be what stands behind "%s", and the message says why and what to do', (method, why) => {
    @TaskQueue('q')
    class Tasks {
      @Task() interface(_payload: InvoiceShape): void {}
      @Task() union(_payload: Invoice | string): void {}
      @Task() unknown(_payload: unknown): void {}
      @Task() list(_payload: Invoice[]): void {}
      @Task() instant(_payload: Date): void {}
      @Task() bytes(_payload: Buffer): void {}
      @Task() callback(_payload: () => void): void {}
    }
    const own = problemsOf([Tasks]).filter((problem) => problem.startsWith(`Tasks.${method}: `));
    expect(own).toEqual([expect.stringContaining(`the payload type cannot be seen: the compiler emitted ${why}`)]);
    expect(own[0]).toContain('. Name it: @Task({ payload: X }), where X is a class');
  });

  it('cannot be seen where the compiler emits no metadata, and the message names such compilers', () => {
    const type = compiledByEsbuild(`@TaskQueue('q') class Tasks { @Task() work(payload: X) {} }`);
    expect(problemsOf([type])).toEqual([
      expect.stringMatching(
        /^Tasks\.work: .*the compiler emitted no metadata.*esbuild.*tsx.*@Task\(\{ payload: X \}\)/,
      ),
    ]);
  });

  it.each([
    ['a default', 'async run({ file }: P = {} as P) {}'],
    ['a default of a plain parameter', 'run(payload: X = new X()) {}'],
    ['a default with brackets in a text', "run(payload = ')') {}"],
    ['a destructured parameter', 'run({ total }: X) {}'],
    ['a destructured array with a default', 'run([a] = [1]) {}'],
    ['rest parameters', 'run(...all: unknown[]) {}'],
    ['arguments', 'run() { return arguments[0]; }'],
    ['a comment before it', 'run(/* () */ payload = 1) {}'],
    ['a name in quotes', "'run()'(payload = 1) {}"],
    ['a computed name', "['ru' + String('n')](payload = 1) {}"],
    ['a static-looking name', 'static(payload = 1) {}'],
  ])('cannot be seen without metadata behind %s', (_, method) => {
    const type = compiledByEsbuild(`@TaskQueue('q') class Tasks { @Task() ${method} }`);
    expect(problemsOf([type])).toEqual([
      expect.stringMatching(
        /^Tasks\..*: the payload type cannot be seen: the compiler emitted no metadata.*payload: X/,
      ),
    ]);
  });

  it.each([
    ['nothing', 'run() {}'],
    ['nothing but a comment', 'run(/* payload = 1 */) {}'],
    ['a call in its body', 'async run() { await Promise.all([this.x(1, 2)]); }'],
    ['a word in a text', "run() { return 'arguments'; }"],
    ['a word in a comment', 'run() { /* arguments */ }'],
    ['a property of that name', 'run() { return this.arguments; }'],
    ['a key of that name', 'run() { return { arguments: 1 }; }'],
    ['a name in quotes', "'run(payload)'() {}"],
  ])('is none without metadata for a method with %s', (_, method) => {
    const type = compiledByEsbuild(`@TaskQueue('q') class Tasks { @Task() ${method} }`);
    expect(Object.values(payloadsOf(type))).toEqual(['none']);
  });

  it('cannot be seen behind a default or a rest parameter of a class that is a task, own or inherited', () => {
    class Base {
      handle({ total }: Partial<Invoice> = {}): unknown {
        return total;
      }
    }
    @Task('a.b', { queue: 'a' })
    class Inherited extends Base {}
    @(Task('a.c', { queue: 'a' }) as ClassDecorator)
    class Rest {
      handle(..._all: Invoice[]): void {}
    }
    expect(problemsOf([Inherited, Rest])).toEqual([
      expect.stringMatching(/^Inherited\.handle: the payload type cannot be seen/),
      expect.stringMatching(/^Rest\.handle: the payload type cannot be seen/),
    ]);
  });

  it('is read from metadata behind a default, and is none for a wrapped method without parameters', () => {
    const wrap: MethodDecorator = (_target, _key, descriptor) => {
      const { value } = descriptor;
      descriptor.value = function (this: unknown, ...all: unknown[]) {
        return (value as unknown as (...given: unknown[]) => unknown).apply(this, all);
      } as never;
    };
    @TaskQueue('q')
    class Tasks {
      @Task() invoice(_payload: Invoice = new Invoice()): void {}
      @wrap @Task() tick(): void {}
      @Task() @wrap work(_payload: Invoice): void {}
    }
    expect(payloadsOf(Tasks)).toEqual({ invoice: 'Invoice', tick: 'none', work: 'Invoice' });
  });

  it('cannot be seen where a method that declares no parameter reads its arguments', () => {
    @TaskQueue('q')
    class Tasks {
      @Task() run(): unknown {
        // biome-ignore lint/complexity/noArguments: this is what is tested.
        return arguments[0];
      }
    }
    expect(problemsOf([Tasks])).toEqual([expect.stringContaining('reads it from "arguments"')]);
  });

  it('is not the question for a generator, whose body nothing would run', () => {
    @TaskQueue('q')
    class Tasks {
      @Task({ payload: 'none' }) async *many(): AsyncGenerator<number> {
        yield 1;
      }
    }
    expect(problemsOf([Tasks])).toEqual([expect.stringMatching(/^Tasks\.many: is a generator function/)]);
  });

  it('needs no metadata where it is named, or where there is none', () => {
    const type = compiledByEsbuild(
      `@TaskQueue('q') class Tasks { @Task({ payload: X }) work(payload: X) {} @Task() tick() {} }`,
    );
    expect(payloadsOf(type)).toEqual({ work: 'Invoice', tick: 'none' });
  });

  it('must be named for a class that is a task, unless its method takes none', () => {
    @Task('a.b', { queue: 'a' })
    class Unnamed {
      handle(_payload: Invoice): void {}
    }
    @Task('a.c', { queue: 'a' })
    class Without {
      handle(): void {}
    }
    expect(problemsOf([Unnamed, Without])).toEqual([
      expect.stringMatching(
        /^Unnamed\.handle: the payload type cannot be seen: compilers emit metadata only for methods/,
      ),
    ]);
    expect(payloadsOf(Without)).toEqual({ handle: 'none' });
  });

  it.each<[unknown, string]>([
    [() => Invoice, 'got a function'],
    ['Invoice', 'got "Invoice"'],
    [Array, 'got the function or class Array'],
    [new Invoice(), 'got an object'],
    [null, 'got null'],
  ])('cannot be named as %p', (payload, got) => {
    @TaskQueue('q')
    class Tasks {
      @Task({ payload: payload as ClassType }) work(_payload: InvoiceShape): void {}
    }
    const problem = `Tasks.work: payload must be a class of your own, String, Number, Boolean, 'none' or 'unchecked', ${got}`;
    expect(problemsOf([Tasks])).toEqual([problem]);
  });
});
