import { EventBus } from '../../../src/events/event-bus';
import type { WarrenEvents } from '../../../src/events/task-events';
import { HOSTILE_VALUES } from '../support/hostile-values';

const QUEUES = { queues: ['emails'] };

function busWithFailures(): { bus: EventBus; failures: WarrenEvents['listener:failed'][] } {
  const bus = new EventBus();
  const failures: WarrenEvents['listener:failed'][] = [];
  bus.on('listener:failed', (failure) => failures.push(failure));
  return { bus, failures };
}

it('calls the listeners of an event in their order, and no others', () => {
  const bus = new EventBus();
  const heard: string[] = [];
  bus.on('worker:started', ({ queues }) => heard.push(`first ${queues.join()}`));
  bus.on('worker:started', () => heard.push('second'));
  bus.on('worker:paused', () => heard.push('other'));
  bus.emit('worker:started', QUEUES);
  expect(heard).toEqual(['first emails', 'second']);
});

it('knows whether anybody listens', () => {
  const bus = new EventBus();
  expect(bus.has('worker:started')).toBe(false);
  const off = bus.on('worker:started', () => undefined);
  expect(bus.has('worker:started')).toBe(true);
  off();
  off();
  expect(bus.has('worker:started')).toBe(false);
});

it('calls those who listened when the event went out, though one leaves and one comes meanwhile', () => {
  const bus = new EventBus();
  const heard: string[] = [];
  const off = bus.on('worker:started', () => {
    off();
    bus.on('worker:started', () => heard.push('newcomer'));
    heard.push('leaver');
  });
  bus.on('worker:started', () => heard.push('stayer'));
  bus.emit('worker:started', QUEUES);
  expect(heard).toEqual(['leaver', 'stayer']);
});

it('resolves with the next event that passes the test, once', async () => {
  const bus = new EventBus();
  const next = bus.once('worker:stopped', ({ interrupted }) => interrupted > 1);
  bus.emit('worker:stopped', { interrupted: 1 });
  expect(bus.has('worker:stopped')).toBe(true);
  bus.emit('worker:stopped', { interrupted: 2 });
  expect(bus.has('worker:stopped')).toBe(false);
  await expect(next).resolves.toEqual({ interrupted: 2 });
});

it.each(HOSTILE_VALUES)('tells of a listener that throws %s, and calls the next one', (_label, thrown) => {
  const { bus, failures } = busWithFailures();
  const next = jest.fn();
  bus.on('worker:started', () => {
    throw thrown;
  });
  bus.on('worker:started', next);
  bus.emit('worker:started', QUEUES);
  expect(failures).toEqual([{ event: 'worker:started', error: expect.objectContaining({ name: expect.any(String) }) }]);
  expect(next).toHaveBeenCalledTimes(1);
});

it('tells of a listener whose promise rejects', async () => {
  const { bus, failures } = busWithFailures();
  bus.on('worker:started', async () => {
    throw new Error('too late');
  });
  bus.emit('worker:started', QUEUES);
  await new Promise((resolve) => setImmediate(resolve));
  expect(failures).toEqual([{ event: 'worker:started', error: { name: 'Error', message: 'too late' } }]);
});

it('ends there when a listener of failures fails itself', async () => {
  const bus = new EventBus();
  const failing = jest.fn(() => Promise.reject(new Error('again')));
  bus.on('listener:failed', failing);
  bus.on('listener:failed', () => {
    throw new Error('and again');
  });
  bus.on('worker:started', () => {
    throw new Error('first');
  });
  bus.emit('worker:started', QUEUES);
  await new Promise((resolve) => setImmediate(resolve));
  expect(failing).toHaveBeenCalledTimes(1);
});

it.each([undefined, null, 'log', {}])('refuses %p as a listener, when it is added', (listener) => {
  const bus = new EventBus();
  expect(() => bus.on('task:started', listener as unknown as () => void)).toThrow(
    /a listener of "task:started" must be a function, got/,
  );
  expect(bus.has('task:started')).toBe(false);
});
