import { resolveDefinitions } from '../../../src/decorators/resolve-definitions';
import { Task } from '../../../src/decorators/task';
import { TaskQueue } from '../../../src/decorators/task-queue';
import type { QueueBindingOption, TaskQueueOptions } from '../../../src/decorators/task-queue-options';
import type { ClassType } from '../../../src/task/class-type';
import type { QueueDefinition } from '../../../src/task/definition';
import { problemsOf } from './problems-of';

/** A class with one task, in a queue with these options. */
function taskClass(name: string, queue: string, options?: TaskQueueOptions): ClassType {
  const type = { [name]: class {} }[name] ?? Object;
  Object.assign(type.prototype, { work() {} });
  Task(`${queue}.${name}`, { payload: 'none' })(type.prototype, 'work', { value: () => undefined });
  TaskQueue(queue, options)(type);
  return type;
}

function queueOf(...classes: readonly ClassType[]): QueueDefinition | undefined {
  return resolveDefinitions(classes).queues[0];
}

const shop: QueueBindingOption = { exchange: 'shop', type: 'topic', routingKey: 'order.*' };

describe('a queue', () => {
  it('is a quorum queue with 10 tasks at a time and as many deliveries where nobody says otherwise', () => {
    expect(queueOf(taskClass('A', 'q'))).toEqual({
      name: 'q',
      type: 'quorum',
      concurrency: 10,
      prefetch: 10,
      maxPriority: undefined,
      maxCrashes: 3,
      bindings: [],
    });
  });

  it('takes what its class says', () => {
    expect(
      queueOf(taskClass('A', 'q', { type: 'classic', concurrency: 2, prefetch: 5, maxPriority: 9, maxCrashes: 5 })),
    ).toMatchObject({
      type: 'classic',
      concurrency: 2,
      prefetch: 5,
      maxPriority: 9,
      maxCrashes: 5,
    });
    expect(queueOf(taskClass('A', 'q', { concurrency: 33 }))).toMatchObject({ concurrency: 33, prefetch: 33 });
  });

  it('exists where only a task names it', () => {
    class Elsewhere {
      @Task({ queue: 'other' }) work(): void {}
    }
    expect(resolveDefinitions([Elsewhere]).queues).toMatchObject([{ name: 'other', concurrency: 10 }]);
    expect(resolveDefinitions([Elsewhere]).tasks).toMatchObject([{ name: 'other.work', queue: 'other' }]);
  });

  it('is put together from what several classes say about it', () => {
    const a = taskClass('A', 'q', { concurrency: 20, bindings: [shop] });
    const b = taskClass('B', 'q', {
      concurrency: 20,
      prefetch: 40,
      bindings: [{ ...shop, routingKey: ['order.*', 'a.#'] }],
    });
    const c = taskClass('C', 'q');
    const expected = {
      concurrency: 20,
      prefetch: 40,
      bindings: [
        { exchange: 'shop', type: 'topic', routingKey: 'a.#', declare: true },
        { exchange: 'shop', type: 'topic', routingKey: 'order.*', declare: true },
      ],
    };
    expect(queueOf(a, b, c)).toMatchObject(expected);
    expect(queueOf(c, b, a)).toMatchObject(expected);
  });

  it('keeps the defaults for tasks to the class that says them', () => {
    const a = taskClass('A', 'q', { maxAttempts: 3, timeout: '5s' });
    const b = taskClass('B', 'q', { maxAttempts: 4 });
    expect(resolveDefinitions([a, b]).tasks).toMatchObject([
      { name: 'q.A', timeoutMs: 5_000, retry: { maxAttempts: 3 } },
      { name: 'q.B', timeoutMs: 900_000, retry: { maxAttempts: 4 } },
    ]);
  });

  it.each<[string, TaskQueueOptions, TaskQueueOptions, string]>([
    ['concurrency', { concurrency: 10 }, { concurrency: 20 }, 'queue "q": concurrency is 10 in A, 20 in B'],
    ['prefetch', { prefetch: 30 }, { prefetch: 40 }, 'queue "q": prefetch is 30 in A, 40 in B'],
    ['type', { type: 'classic' }, { type: 'quorum' }, 'queue "q": type is "classic" in A, "quorum" in B'],
    [
      'the type of an exchange',
      { bindings: [shop] },
      { bindings: [{ ...shop, type: 'direct' }] },
      'queue "q": the exchange "shop" is topic (declare: true) in A, direct (declare: true) in B',
    ],
    [
      'who declares an exchange',
      { bindings: [shop] },
      { bindings: [{ ...shop, declare: false }] },
      'queue "q": the exchange "shop" is topic (declare: true) in A, topic (declare: false) in B',
    ],
    [
      'numbers that only together are wrong',
      { concurrency: 20 },
      { prefetch: 15 },
      'queue "q": prefetch must be at least concurrency (20), got 15',
    ],
  ])('cannot be given different %s by two classes', (_, first, second, problem) => {
    const problems = problemsOf([taskClass('A', 'q', first), taskClass('B', 'q', second)]);
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  it.each<[unknown, string]>([
    [{ maxCrashes: 1 }, '@TaskQueue of A: maxCrashes must be a whole number from 2 to 15, got 1'],
    [{ concurrency: 0 }, '@TaskQueue of A: concurrency must be a whole number from 1 to 10000, got 0'],
    [{ concurrency: 10_001 }, 'concurrency must be a whole number from 1 to 10000, got 10001'],
    [{ concurrency: 2.5 }, 'concurrency must be a whole number from 1 to 10000, got 2.5'],
    [{ prefetch: 65_536 }, 'prefetch must be a whole number from 1 to 65535, got 65536'],
    [{ prefetch: 9 }, 'queue "q": prefetch must be at least concurrency (10), got 9'],
    [{ type: 'stream' }, "type must be one of 'quorum', 'classic', got \"stream\""],
    [{ type: 'classic', maxPriority: 256 }, 'maxPriority must be a whole number from 1 to 255, got 256'],
    [{ maxPriority: 5 }, 'queue "q": maxPriority is for type \'classic\' alone'],
    [{ maxAttempts: 1_001 }, 'maxAttempts must be a whole number from 1 to 1000, got 1001'],
    [{ timeout: '25d' }, 'timeout must be a duration'],
    [{ concurency: 5 }, '@TaskQueue of A: unknown option "concurency": did you mean "concurrency"?'],
    [{ payload: 'none' }, '@TaskQueue of A: unknown option "payload": valid are concurrency, prefetch, type'],
    ['fast', '@TaskQueue of A: the options must be an object, got "fast"'],
    [{ bindings: shop }, '@TaskQueue of A: bindings must be an array, got an object'],
    [{ bindings: [undefined] }, '@TaskQueue of A: bindings[0] must be an object, got undefined'],
  ])('cannot have the options %j', (options, problem) => {
    expect(problemsOf([taskClass('A', 'q', options as TaskQueueOptions)])).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    ['', 'a queue name must not be empty'],
    ['two words', 'a queue name must not contain spaces'],
    ['amq.own', 'a queue name must not begin with "amq."'],
    ['warren.delay.03', 'a queue name must not begin with "warren."'],
    ['emails.dead', 'a queue name must not end with ".dead"'],
    ['emails.suspects', 'a queue name must not end with ".suspects"'],
    ['q'.repeat(191), 'a queue name may have at most 190 bytes'],
  ])('cannot be called %p, which is told once for all its tasks', (name, problem) => {
    @TaskQueue(name)
    class Tasks {
      @Task() one(): void {}
      @Task() two(): void {}
    }
    expect(problemsOf([Tasks])).toEqual([expect.stringContaining(`@TaskQueue of Tasks: ${problem}`)]);
  });

  it('that no task lives in is a mistake', () => {
    @TaskQueue('deserted')
    class Tasks {
      @Task({ queue: 'other' }) work(): void {}
    }
    expect(problemsOf([Tasks])).toEqual([
      '@TaskQueue of Tasks: no task lives in queue "deserted", they all name others',
    ]);
  });
});

describe('a binding', () => {
  it.each<[QueueBindingOption, object]>([
    [
      { exchange: 'log', type: 'fanout' },
      { exchange: 'log', type: 'fanout', routingKey: '', declare: true },
    ],
    [
      { exchange: 'h', type: 'headers' },
      { exchange: 'h', type: 'headers', routingKey: '', declare: true },
    ],
    [
      { ...shop, declare: false },
      { ...shop, declare: false },
    ],
    [
      { ...shop, exchange: 'amq.topic' },
      { ...shop, exchange: 'amq.topic', declare: false },
    ],
  ])('%j is resolved', (option, expected) => {
    expect(queueOf(taskClass('A', 'q', { bindings: [option] }))?.bindings).toEqual([expected]);
  });

  it.each<[unknown, string]>([
    [{ ...shop, exchange: '' }, 'bindings[0].exchange must not be empty'],
    [{ ...shop, exchange: undefined }, 'bindings[0].exchange must be a string, got undefined'],
    [{ ...shop, exchange: 'my shop' }, 'bindings[0].exchange must not contain spaces'],
    [{ ...shop, exchange: 'warren.delay.deliver' }, 'bindings[0].exchange must not begin with "warren."'],
    [{ ...shop, exchange: 'warren.dead', declare: false }, 'bindings[0].exchange must not begin with "warren."'],
    [{ ...shop, exchange: 'e'.repeat(256) }, 'bindings[0].exchange may have at most 255 bytes'],
    [
      { ...shop, exchange: 'amq.topic', declare: true },
      'bindings[0].declare must be left out or false for "amq.topic"',
    ],
    [{ ...shop, type: 'x-delayed' }, "bindings[0].type must be one of 'topic', 'direct', 'fanout', 'headers'"],
    [{ ...shop, type: undefined }, 'bindings[0].type must be given, got undefined'],
    [{ ...shop, routingKey: undefined }, 'bindings[0].routingKey must be given for a topic exchange'],
    [{ ...shop, routingKey: [] }, 'bindings[0].routingKey must be given for a topic exchange'],
    [
      { ...shop, routingKey: ['ok', 5] },
      'bindings[0].routingKey must be a text of at most 255 bytes, or an array of such, got 5',
    ],
    [{ ...shop, routingKey: 'k'.repeat(256) }, 'bindings[0].routingKey must be a text of at most 255 bytes'],
    [{ ...shop, declare: 'yes' }, 'bindings[0].declare must be true or false, got "yes"'],
    [{ ...shop, key: 'x' }, 'unknown option "bindings[0].key"'],
  ])('%j is refused', (option, problem) => {
    const options = { bindings: [option as QueueBindingOption] };
    expect(problemsOf([taskClass('A', 'q', options)])).toEqual([
      expect.stringContaining(`@TaskQueue of A: ${problem}`),
    ]);
  });
});
