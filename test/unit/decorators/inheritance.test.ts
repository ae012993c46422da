import { resolveDefinitions } from '../../../src/decorators/resolve-definitions';
import { Task } from '../../../src/decorators/task';
import { TaskQueue } from '../../../src/decorators/task-queue';
import type { ClassType } from '../../../src/task/class-type';
import { problemsOf } from './problems-of';

class Order {
  id!: string;
}

class PaidOrder extends Order {
  amount!: number;
}

abstract class Base {
  @Task({ maxAttempts: 3 })
  run(order: Order): string {
    return order.id;
  }

  @Task()
  check(): void {}
}

@TaskQueue('eu', { timeout: '1m' })
class Europe extends Base {}

@TaskQueue('us')
class America extends Base {
  override run(order: Order): string {
    return `us ${order.id}`;
  }
}

function names(...classes: readonly ClassType[]): readonly string[] {
  return resolveDefinitions(classes).tasks.map((task) => task.name);
}

describe('a subclass', () => {
  it('inherits the tasks of an abstract base, each subclass into its own queue', () => {
    const catalog = resolveDefinitions([Europe, America]);
    expect(catalog.tasks.map((task) => [task.name, task.queue, task.handler.label])).toEqual([
      ['eu.check', 'eu', 'Europe.check'],
      ['eu.run', 'eu', 'Europe.run'],
      ['us.check', 'us', 'America.check'],
      ['us.run', 'us', 'America.run'],
    ]);
    expect(catalog.find('eu.run')).toMatchObject({ timeoutMs: 60_000, handler: { type: Europe } });
  });

  it('keeps the decorator of its base on a method that it overrides without one', () => {
    const run = resolveDefinitions([America]).find('us.run');
    expect(run).toMatchObject({ retry: { maxAttempts: 3 }, payload: { kind: 'class', type: Order } });
    expect(run?.handler.type).toBe(America);
  });

  it('replaces the decorator of its base by its own', () => {
    @TaskQueue('asia')
    class Asia extends Base {
      @Task('asia.orders')
      override run(order: PaidOrder): string {
        return `${order.amount}`;
      }
    }
    expect(names(Asia)).toEqual(['asia.check', 'asia.orders']);
    expect(resolveDefinitions([Asia]).find('asia.orders')).toMatchObject({
      retry: { maxAttempts: 10 },
      payload: { kind: 'class', type: PaidOrder },
    });
    // The base is as it was.
    expect(names(Europe)).toEqual(['eu.check', 'eu.run']);
  });

  it('inherits the queue of its base, over more than one level, unless it has its own', () => {
    @TaskQueue('base', { concurrency: 3 })
    class Housed {
      @Task() work(): void {}
    }
    class Middle extends Housed {}
    class Deep extends Middle {}
    @TaskQueue('own')
    class Own extends Middle {}
    expect(names(Deep)).toEqual(['base.work']);
    expect(names(Own)).toEqual(['own.work']);
    const { queues } = resolveDefinitions([Deep, Own]);
    expect(queues.map((queue) => [queue.name, queue.concurrency])).toEqual([
      ['base', 3],
      ['own', 10],
    ]);
  });

  it('names a task on the class after itself', () => {
    @Task({ payload: 'none' })
    abstract class Report {
      handle(): void {}
    }
    @TaskQueue('reports')
    class Daily extends Report {}
    @TaskQueue('reports')
    class Weekly extends Report {}
    expect(names(Daily, Weekly)).toEqual(['reports.daily', 'reports.weekly']);
  });

  it('finds the tasks of a class that another decorator has put a class in front of', () => {
    const wrapped = (type: typeof Plain): typeof Plain => class Wrapped extends type {};
    @TaskQueue('plain')
    class Plain {
      @Task() work(): void {}
    }
    expect(names(wrapped(Plain))).toEqual(['plain.work']);
  });
});

describe('a base that is listed beside its subclasses', () => {
  it('is left out where it has no queue', () => {
    expect(names(Base, Europe, America)).toEqual(['eu.check', 'eu.run', 'us.check', 'us.run']);
  });

  it('is left out where a subclass takes over its very tasks', () => {
    @TaskQueue('q', { concurrency: 2 })
    abstract class Housed<T> {
      // The payload of a base may be no class; that of the subclass counts.
      @Task() work(payload: T): T {
        return payload;
      }
    }
    class Concrete extends Housed<Order> {
      @Task() override work(order: Order): Order {
        return order;
      }
    }
    const catalog = resolveDefinitions([Housed, Concrete]);
    expect(catalog.tasks.map((task) => task.handler.label)).toEqual(['Concrete.work']);
    expect(catalog.definitionsOf(Housed).size).toBe(0);
    expect(catalog.queues).toMatchObject([{ name: 'q', concurrency: 2 }]);
  });

  it('keeps its tasks where the subclass has them under other names', () => {
    @TaskQueue('first')
    class First {
      @Task() work(): void {}
    }
    @TaskQueue('second')
    class Second extends First {}
    expect(names(First, Second)).toEqual(['first.work', 'second.work']);
  });

  it('does not hide that two subclasses share a name', () => {
    @TaskQueue('q')
    class Parent {
      @Task() work(): void {}
    }
    class Anna extends Parent {}
    class Ben extends Parent {}
    expect(problemsOf([Parent, Anna, Ben])).toEqual([
      expect.stringContaining('the task name "q.work" is taken by Anna.work and Ben.work'),
    ]);
  });

  it('reports a mistake that several classes inherit once, where it was made', () => {
    abstract class Careless {
      @Task({ maxAttempts: 0 }) work(): void {}
    }
    @TaskQueue('one')
    class One extends Careless {}
    @TaskQueue('two')
    class Two extends Careless {}
    expect(problemsOf([One, Two])).toEqual(['Careless.work: maxAttempts must be a whole number from 1 to 1000, got 0']);
  });
});
