import { isTaskClass } from '../../../src/decorators/inherited-records';
import { resolveDefinitions } from '../../../src/decorators/resolve-definitions';
import { Task } from '../../../src/decorators/task';
import { TaskQueue } from '../../../src/decorators/task-queue';
import { ConfigurationError } from '../../../src/errors/configuration-error';

describe('the decorators', () => {
  it('only record: wrong options throw nothing before somebody asks for the definitions', () => {
    const decorate = (): unknown => {
      @TaskQueue('amq.x', { concurrency: -1 })
      class Careless {
        @Task({ timeout: 'never' as never }) work(): void {}
      }
      return Careless;
    };
    expect(decorate).not.toThrow();
  });

  it('leave the method as it was', () => {
    class Plain {
      @Task() work(): string {
        return 'done';
      }
    }
    expect(new Plain().work()).toBe('done');
    expect(Object.getOwnPropertyNames(Plain.prototype)).toEqual(['constructor', 'work']);
  });

  it('let another copy of the package see what they recorded', () => {
    jest.isolateModules(() => {
      const copy = jest.requireActual<typeof import('../../../src/decorators/task')>('../../../src/decorators/task');
      expect(copy.Task).not.toBe(Task);
      @TaskQueue('q')
      class Mixed {
        @copy.Task() work(): void {}
      }
      expect(resolveDefinitions([Mixed]).tasks.map((task) => task.name)).toEqual(['q.work']);
    });
  });

  it('add nothing to the methods of Object, Map or a class that was never decorated', () => {
    expect([Object, Map, class Bare {}].filter(isTaskClass)).toEqual([]);
    expect([undefined, null, 'text', {}, () => true].filter(isTaskClass)).toEqual([]);
  });

  it('say what to set where the compiler calls them as standard decorators', () => {
    const onMethod = Task() as unknown as (value: unknown, context: unknown) => void;
    const onClass = TaskQueue('q') as unknown as (value: unknown, context: unknown) => void;
    expect(() => onMethod(() => undefined, { kind: 'method', name: 'work' })).toThrow(/"experimentalDecorators"/);
    expect(() => onClass(class Standard {}, { kind: 'class', name: 'Standard' })).toThrow(
      /^.*@TaskQueue was called as/,
    );
  });

  it.each<[string, readonly unknown[]]>([
    ['a class', [class Bare {}]],
    ['a method', [{ work() {} }, 'work', {}]],
    ['a method with a symbol for its name', [{}, Symbol('work'), {}]],
  ])('say that the () are missing when they stand bare on %s', (_, args) => {
    const bare = Task as unknown as (...decoratorArguments: readonly unknown[]) => unknown;
    expect(() => bare(...args)).toThrow(ConfigurationError);
    expect(() => bare(...args)).toThrow(/write @Task\(\)/);
  });
});
