import { resolveDefinitions } from '../../../src/decorators/resolve-definitions';
import { Task } from '../../../src/decorators/task';
import type { TaskOptions } from '../../../src/decorators/task-options';
import { TaskQueue } from '../../../src/decorators/task-queue';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import type { ClassType } from '../../../src/task/class-type';
import { defineTask } from '../../../src/task/contract';
import { problemsOf } from './problems-of';

class Order {
  id!: string;
}

class Refund {
  id!: string;
}

/** A class with one task with these options. */
function withOptions(options: unknown): ClassType {
  @TaskQueue('q', { bindings: [{ exchange: 'shop', type: 'topic', routingKey: '#' }] })
  class Tasks {
    @Task(options as TaskOptions) work(): void {}
  }
  return Tasks;
}

describe('resolveDefinitions', () => {
  it.each<[unknown, string]>([
    [{ maxAttemps: 3 }, 'unknown option "maxAttemps": did you mean "maxAttempts"?'],
    [{ timeOut: 3 }, 'unknown option "timeOut": did you mean "timeout"?'],
    [{ attempts: 3 }, 'unknown option "attempts": did you mean "maxAttempts"?'],
    [{ routingKeys: 'x' }, 'unknown option "routingKeys": did you mean "routingKey"?'],
    [{ priority: 5 }, 'unknown option "priority": valid are name, queue, payload, routingKey, schedule, maxAttempts'],
    [{ concurrency: 5 }, 'unknown option "concurrency": valid are'],
    [{ maxAttempts: -1 }, 'maxAttempts must be a whole number from 1 to 1000, got -1'],
    [{ maxElapsed: 0 }, 'maxElapsed must be a duration'],
    [{ backoff: '5s' }, 'backoff must be made by fixed(), linear(), exponential() or custom(), got "5s"'],
    [{ neverRetry: [{}] }, 'neverRetry[0] must be an error class'],
    [{ timeout: '25d' }, 'from 0 (no limit) to 24 days, got "25d"'],
    [{ timeout: -1 }, 'from 0 (no limit) to 24 days, got -1'],
    [{ timeout: NaN }, 'from 0 (no limit) to 24 days, got NaN'],
    [
      { timeout: '10 minutes' },
      "timeout must be a duration ('250ms', '5s', '10m', '2h', '7d' or a number of milliseconds)",
    ],
    [{ name: '' }, 'a task name must not be empty'],
    [{ name: 5 }, 'a task name must be a string, got number'],
    [{ name: 'n'.repeat(128) }, 'a task name may have at most 127 bytes'],
    [{ routingKey: 5 }, 'routingKey must be a text of at most 255 bytes, or an array of such, got 5'],
    [null, 'the options must be an object, got null'],
    [5, 'the options must be an object, got 5'],
  ])('refuses the task options %j', (options, problem) => {
    expect(problemsOf([withOptions(options)])).toEqual([expect.stringMatching(/^Tasks\.work: ./)]);
    expect(problemsOf([withOptions(options)])[0]).toContain(problem);
  });

  it.each([0, '0s', '24d', 1, '15m'] as const)('takes %p for a timeout', (timeout) => {
    expect(problemsOf([withOptions({ timeout })])).toEqual([]);
  });

  it('names a queue that is wrong beside the task that names it', () => {
    expect(problemsOf([withOptions({ queue: 'a b' })])).toEqual([
      expect.stringContaining('Tasks.work: a queue name must not contain spaces'),
      expect.stringContaining('no task lives in queue "q"'),
    ]);
  });

  it('refuses two tasks of one name and names both', () => {
    @TaskQueue('q')
    class Anna {
      @Task('q.work') work(): void {}
    }
    @TaskQueue('q')
    class Ben {
      @Task() work(): void {}
    }
    expect(problemsOf([Anna, Ben])).toEqual([
      `the task name "q.work" is taken by Anna.work and Ben.work. Give one of them another name, @Task({ name: '…' })`,
    ]);
  });

  it('suspects a file that was loaded twice where two classes have one name', () => {
    expect(problemsOf([withOptions({}), withOptions({})])).toEqual([
      expect.stringMatching(
        /taken by Tasks\.work and Tasks\.work\. Two classes have the same name: a file may be loaded twice/,
      ),
    ]);
  });

  it('refuses a class without a task, and one without a queue', () => {
    @TaskQueue('q')
    class Idle {}
    class Plain {}
    class Homeless {
      @Task() work(): void {}
      @Task('named') other(): void {}
    }
    expect(problemsOf([Idle, Plain, Homeless])).toEqual([
      'Idle: has no task: mark a method, or the class, with @Task',
      'Plain: has no task: mark a method, or the class, with @Task',
      expect.stringMatching(
        /^Homeless\.work: has no queue: put @TaskQueue\('…'\) on the class, or name one in @Task\(\{ queue: '…' \}\)/,
      ),
      expect.stringMatching(/^Homeless\.other: has no queue/),
    ]);
  });

  it('refuses what is no class', () => {
    const classes = [undefined, new Order(), 'tasks.js'] as unknown as readonly ClassType[];
    expect(problemsOf(classes)).toEqual([
      'task class 1 must be a class, got undefined; a circular import is the usual reason',
      'task class 2 must be a class, got an object',
      'task class 3 must be a class, got "tasks.js"',
    ]);
  });

  it('refuses @Task where no instance has a method', () => {
    @TaskQueue('q')
    class Tasks {
      @Task() static shared(): void {}
      @Task() work(): void {}
    }
    const decorate = Task() as unknown as (target: object, key: string) => void;
    class Arrow {
      send = (): void => {};
    }
    decorate(Arrow.prototype, 'send');
    TaskQueue('q')(Arrow);
    class Getter {
      get send(): never {
        throw new Error('a getter must not run before there is an instance');
      }
    }
    decorate(Getter.prototype, 'send');
    TaskQueue('q')(Getter);
    const none = 'must be on a method, and this is none (an arrow function in a property is not)';
    expect(problemsOf([Tasks, Arrow, Getter])).toEqual([
      'Tasks.shared: @Task cannot be on a static method, since a task runs on an instance',
      `Arrow.send: @Task ${none}`,
      `Getter.send: @Task ${none}`,
    ]);
  });

  it('refuses a class that is a task and has no method "handle"', () => {
    class NoHandle {}
    const decorate = Task('x', { queue: 'x' }) as unknown as (target: ClassType) => void;
    decorate(NoHandle);
    expect(problemsOf([NoHandle])).toEqual([
      'NoHandle.handle: a class that is a task needs a method "handle", and NoHandle has none',
    ]);
  });

  it('refuses a decorator that is there twice', () => {
    @TaskQueue('q')
    @TaskQueue('p')
    class Twice {
      @Task()
      @Task('again')
      work(): void {}
    }
    expect(problemsOf([Twice])).toEqual([
      'Twice: has more than one @TaskQueue, keep one',
      'Twice.work: has more than one @Task, keep one',
    ]);
  });

  it('asks for a name where nothing gives one', () => {
    const nameless = Symbol();
    @TaskQueue('q')
    class Tasks {
      @Task() [nameless](): void {}
    }
    expect(problemsOf([Tasks])).toEqual([
      "Tasks[Symbol()]: has nothing that could be its name: give it one, @Task({ name: '…' })",
    ]);
  });

  describe('refuses a routing key', () => {
    it('that two tasks of one queue take', () => {
      @TaskQueue('q', { bindings: [{ exchange: 'shop', type: 'topic', routingKey: 'order.*' }] })
      class Tasks {
        @Task({ routingKey: ['order.paid', 'order.sent'] }) one(): void {}
        @Task({ routingKey: 'order.paid' }) two(): void {}
      }
      expect(problemsOf([Tasks])).toEqual([
        'queue "q": the routing key "order.paid" is taken by Tasks.one and Tasks.two. One message goes to one task',
      ]);
    });

    it('that no message can have, since its queue is bound to nothing', () => {
      @TaskQueue('q')
      class Tasks {
        @Task({ routingKey: 'order.paid' }) paid(): void {}
      }
      expect(problemsOf([Tasks])).toEqual([
        expect.stringMatching(
          /^Tasks\.paid: routingKey picks messages of other exchanges, and queue "q" is bound to none/,
        ),
      ]);
    });

    it('but not one key in two queues, nor one that is given twice to one task', () => {
      const bindings = [{ exchange: 'shop', type: 'topic', routingKey: '#' }] as const;
      @TaskQueue('p', { bindings })
      class First {
        @Task({ routingKey: ['k', 'k'] }) work(): void {}
      }
      @TaskQueue('q', { bindings })
      class Second {
        @Task({ routingKey: 'k' }) work(): void {}
      }
      expect(resolveDefinitions([First, Second]).find('p.work')?.routingKeys).toEqual(['k']);
    });
  });

  describe('with a contract', () => {
    const contract = defineTask('media.resize', { queue: 'media', payload: Order });

    it('takes its name, queue and payload, and not those of the class', () => {
      @TaskQueue('own')
      class Tasks {
        @Task(contract, { maxAttempts: 2 }) run(_order: Order): void {}
        @Task() other(): void {}
      }
      expect(resolveDefinitions([Tasks]).find('media.resize')).toMatchObject({
        queue: 'media',
        payload: { kind: 'class', type: Order },
        retry: { maxAttempts: 2 },
      });
    });

    it('refuses options that say something else, and takes those that say the same', () => {
      const decorate = (options: object): ClassType => {
        class Tasks {
          @Task(contract, options) run(_order: Order): void {}
        }
        return Tasks;
      };
      expect(problemsOf([decorate({ name: 'media.resize', queue: 'media', payload: Order })])).toEqual([]);
      expect(problemsOf([decorate({ name: 'other', queue: 'emails', payload: Refund })])).toEqual([
        'Tasks.run: name is "other" in the options and "media.resize" in the contract: remove the option',
        'Tasks.run: queue is "emails" in the options and "media" in the contract: remove the option',
        'Tasks.run: payload is Refund in the options and Order in the contract: remove the option',
      ]);
    });
  });

  it('refuses two different names in one decorator', () => {
    @TaskQueue('q')
    class Tasks {
      @Task('one', { name: 'two' }) work(): void {}
    }
    expect(problemsOf([Tasks])).toEqual([
      'Tasks.work: name is "two" in the options and "one" in front of them: remove the option',
    ]);
  });

  it('refuses defaults of the app that are out of range or unknown', () => {
    const defaults = { maxAttempts: 0, timeout: 'x', queue: 'q' } as never;
    expect(problemsOf([], defaults)).toEqual([
      expect.stringMatching(/^task defaults: unknown option "queue": valid are maxAttempts, /),
      'task defaults: maxAttempts must be a whole number from 1 to 1000, got 0',
      expect.stringMatching(/^task defaults: timeout must be a duration/),
    ]);
  });

  it('tells everything at once, in one error', () => {
    @TaskQueue('a b', { prefetch: 0 })
    class Wrong {
      @Task({ timeout: 'x' as never, maxAttempts: 0 }) work(_payload: Order[]): void {}
    }
    @TaskQueue('q')
    class Empty {}
    const resolve = (): unknown => resolveDefinitions([Wrong, Empty, withOptions({}), withOptions({})]);
    expect(resolve).toThrow(ConfigurationError);
    expect(resolve).toThrow(/^Warren is not configured correctly, 7 problems:\n( {2}- .+\n?){7}$/);
  });
});
