import { resolveDefinitions, resolveTasksOf } from '../../../src/decorators/resolve-definitions';
import { Task } from '../../../src/decorators/task';
import { TaskQueue } from '../../../src/decorators/task-queue';
import { ConfigurationError } from '../../../src/errors/configuration-error';

const hidden = Symbol('hidden');

@TaskQueue('b')
class Second {
  @Task() two(): void {}
  @Task() one(): void {}
  @Task() [hidden](): void {}
}

@TaskQueue('a')
class First {
  @Task('constructor') strange(): void {}
}

describe('the catalog', () => {
  const catalog = resolveDefinitions([Second, First, Second]);

  it('lists tasks and queues by name, each once, whatever the order of the classes', () => {
    expect(catalog.tasks.map((task) => task.name)).toEqual(['b.hidden', 'b.one', 'b.two', 'constructor']);
    expect(catalog.queues.map((queue) => queue.name)).toEqual(['a', 'b']);
    expect(resolveDefinitions([First, Second]).tasks).toEqual(catalog.tasks);
  });

  it('cannot be changed', () => {
    const parts = [catalog, catalog.tasks, catalog.queues, catalog.tasksOf('b'), ...catalog.queues];
    expect(parts.every(Object.isFrozen)).toBe(true);
  });

  it.each(['__proto__', 'toString', 'hasOwnProperty', 'b', '', '../x'])('does not know the task %p', (name) => {
    expect(catalog.find(name)).toBeUndefined();
    expect(catalog.tasksOf(`${name}?`)).toEqual([]);
  });

  it('knows a task that is called "constructor" where somebody called one so', () => {
    expect(catalog.find('constructor')?.handler.label).toBe('First.strange');
  });

  it('gives the tasks of a queue, and of a class by method', () => {
    expect(catalog.tasksOf('b').map((task) => task.name)).toEqual(['b.hidden', 'b.one', 'b.two']);
    expect([...catalog.definitionsOf(Second).keys()].map(String).sort()).toEqual(['Symbol(hidden)', 'one', 'two']);
    expect(catalog.definitionsOf(Second).get(hidden)?.handler.label).toBe('Second[Symbol(hidden)]');
    expect(catalog.definitionsOf(class Unknown {}).size).toBe(0);
  });

  it('is empty without classes', () => {
    const { tasks, queues } = resolveDefinitions([]);
    expect({ tasks, queues }).toEqual({ tasks: [], queues: [] });
  });
});

describe('resolveTasksOf', () => {
  @TaskQueue('shared', { prefetch: 2, maxPriority: 3 })
  class Receiver {
    @Task({ routingKey: 'order.paid' }) paid(): void {}
  }

  @TaskQueue('shared', {
    concurrency: 2,
    type: 'classic',
    bindings: [{ exchange: 'shop', type: 'topic', routingKey: 'order.*' }],
  })
  class Other {
    @Task() other(): void {}
  }

  it('gives a sender the tasks of one class, though its queue is complete only with another class', () => {
    expect(() => resolveDefinitions([Receiver])).toThrow(ConfigurationError);
    expect(resolveDefinitions([Receiver, Other]).findQueue('shared')).toMatchObject({ prefetch: 2, maxPriority: 3 });
    expect([...resolveTasksOf(Receiver)].map(([method, task]) => [method, task.name])).toEqual([
      ['paid', 'shared.paid'],
    ]);
  });

  it('reports what is wrong with the class', () => {
    expect(() => resolveTasksOf(class Empty {})).toThrow('Empty: has no task');
  });
});
