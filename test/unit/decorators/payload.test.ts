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
