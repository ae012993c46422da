import { ShuttingDownError, TaskTimeoutError } from '../../../src/errors/task-errors';
import { readEnvelope } from '../../../src/message/envelope';
import type { MessageProperties } from '../../../src/message/wire';
import type { TaskOutcome } from '../../../src/settlement/outcome';
import { DiscardTask } from '../../../src/task/signals';
import { ManualClock } from '../../../src/time/manual-clock';
import { RunningTask } from '../../../src/worker/running-task';
import { HOSTILE_VALUES } from '../support/hostile-values';
import { incomingMessage } from '../support/incoming-message';
import { taskDefinition } from '../support/task-definition';

const boom = new Error('boom');
const never = new Promise<never>(() => undefined);
const noTimeout = (): void => undefined;

function runningTask(timeoutMs = 0, properties: MessageProperties = {}): RunningTask {
  const message = incomingMessage(properties, { redelivered: true });
  return new RunningTask('id-1', 'emails', taskDefinition({ timeoutMs }), readEnvelope(message), message, 0);
}

const throwBoom = (): never => {
  throw boom;
};
const rejecting = (_: unknown, reject: (error: unknown) => void): void => reject(boom);
const thenable = (then: PropertyDescriptor, base: object = {}): object => Object.defineProperty(base, 'then', then);

const outcomeOf = async (work: () => unknown): Promise<TaskOutcome> =>
  runningTask().run(new ManualClock(), work, noTimeout);

describe('how an attempt ends', () => {
  it.each<[string, () => unknown]>([
    ['returns nothing', () => undefined],
    ['returns null', () => null],
    ['returns a value', () => 'done'],
    ['returns an object', () => ({ done: true })],
    ['resolves', () => Promise.resolve('done')],
    [
      'returns a thenable that resolves',
      () => thenable({ value: (resolve: (value: unknown) => void) => resolve('done') }),
    ],
    ['returns a function that is no thenable', () => () => 'not called'],
  ])('completes when the handler %s', async (_label, work) => {
    await expect(outcomeOf(work)).resolves.toEqual({ kind: 'completed' });
  });

  it.each<[string, () => unknown]>([
    ['throws', throwBoom],
    ['rejects', () => Promise.reject(boom)],
    ['rejects later', () => Promise.resolve().then(throwBoom)],
    ['returns a thenable that rejects', () => thenable({ value: rejecting })],
    ['returns a thenable whose then throws', () => thenable({ value: throwBoom })],
    ['returns an object whose then cannot be read', () => thenable({ get: throwBoom })],
    ['returns a function with a then that rejects', () => thenable({ value: rejecting }, () => 'not called')],
    [
      'returns a promise that cannot be looked at',
      () => Object.defineProperty(Promise.resolve(), 'constructor', { get: throwBoom }),
    ],
  ])('fails when the handler %s', async (_label, work) => {
    await expect(outcomeOf(work)).resolves.toEqual({ kind: 'failed', error: boom });
  });

  it.each(HOSTILE_VALUES)('fails when the handler throws %s, or rejects with it', async (_label, thrown) => {
    const thrower = (): never => {
      throw thrown;
    };
    for (const outcome of [await outcomeOf(thrower), await outcomeOf(() => Promise.reject(thrown))]) {
      expect(outcome.kind).toBe('failed');
      expect('error' in outcome && Object.is(outcome.error, thrown)).toBe(true);
    }
  });

  it('follows a signal', async () => {
    await expect(outcomeOf(() => Promise.reject(new DiscardTask('gone')))).resolves.toEqual({
      kind: 'discarded',
      reason: 'gone',
    });
  });
});

describe('the timeout', () => {
  it('ends a handler that never settles, aborts its signal and is told once', async () => {
    const clock = new ManualClock();
    const onTimeout = jest.fn();
    const task = runningTask(30_000);
    const { signal } = task;
    const outcome = task.run(clock, () => never, onTimeout);
    await clock.advance(29_999);
    expect([signal.aborted, onTimeout.mock.calls.length]).toEqual([false, 0]);
    await clock.advance(1);
    expect(await outcome).toEqual({ kind: 'timed-out', error: signal.reason });
    expect(signal.reason).toBeInstanceOf(TaskTimeoutError);
    expect(signal.reason).toMatchObject({ task: 'emails.send', taskId: 'id-1', timeoutMs: 30_000 });
    await clock.advance(60_000);
    expect(onTimeout).toHaveBeenCalledTimes(1);
  });

  it.each<[string, () => unknown]>([
    ['returns', () => 'done'],
    ['throws', throwBoom],
    ['resolves', () => Promise.resolve()],
  ])('leaves no timer behind when the handler %s', async (_label, work) => {
    const clock = new ManualClock();
    const task = runningTask(30_000);
    await task.run(clock, work, noTimeout);
    expect([clock.pendingTimers, task.signal.aborted]).toEqual([0, false]);
  });

  it('sets none where the task has none', () => {
    const clock = new ManualClock();
    void runningTask(0).run(clock, () => never, noTimeout);
    expect(clock.pendingTimers).toBe(0);
  });

  it('makes a late result count for nothing', async () => {
    const clock = new ManualClock();
    const outcome = runningTask(10).run(
      clock,
      () => new Promise((_, reject) => clock.schedule(() => reject(boom), 20)),
      noTimeout,
    );
    await clock.advance(30);
    await expect(outcome).resolves.toMatchObject({ kind: 'timed-out' });
  });
});

describe('an interruption', () => {
  it('aborts the signal and gives the task back, once', async () => {
    const clock = new ManualClock();
    const task = runningTask(30_000);
    const { signal } = task;
    const outcome = task.run(clock, () => never, noTimeout);
    task.interrupt();
    task.interrupt();
    expect(await outcome).toEqual({ kind: 'interrupted' });
    expect(signal.reason).toBeInstanceOf(ShuttingDownError);
    expect(clock.pendingTimers).toBe(0);
  });

  it('shows in a signal that was never looked at before', async () => {
    const task = runningTask();
    const outcome = task.run(new ManualClock(), () => never, noTimeout);
    task.interrupt();
    await outcome;
    expect(task.signal.aborted).toBe(true);
    expect(task.signal.reason).toBeInstanceOf(ShuttingDownError);
    expect(task.signal).toBe(task.signal);
  });

  it('does nothing to a task that has ended', async () => {
    const task = runningTask();
    await task.run(new ManualClock(), () => 'done', noTimeout);
    task.interrupt();
    expect(task.signal.aborted).toBe(false);
  });
});

describe('what the handler is told', () => {
  it('is what the message says', () => {
    const failure = { attempt: 1, at: '2026-01-01T00:00:00.000Z', error: 'Error', message: 'boom' };
    const headers = {
      tenant: 'ada',
      CC: ['victim'],
      'warren-attempt': 2,
      'warren-failures': JSON.stringify([failure]),
    };
    const task = runningTask(0, { headers, timestamp: 1_700_000_000, correlationId: 'c-1', appId: 'shop' });
    expect(task).toMatchObject({
      id: 'id-1',
      name: 'emails.send',
      queue: 'emails',
      attempt: 2,
      maxAttempts: 3,
      enqueuedAt: new Date('2023-11-14T22:13:20.000Z'),
      correlationId: 'c-1',
      appId: 'shop',
      headers: { tenant: 'ada' },
      redelivered: true,
      failures: [failure],
    });
    expect(task.headers).toBe(task.headers);
    expect(Object.isFrozen(task.headers)).toBe(true);
    expect(Object.keys(task.headers)).toEqual(['tenant']);
  });

  it.each([undefined, 2 ** 64, Number.NaN, '1700000000'])('has no time where the message’s is %p', (timestamp) => {
    expect(runningTask(0, { timestamp: timestamp as number }).enqueuedAt).toBeUndefined();
  });
});
