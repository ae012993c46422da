import type { Delivery } from '../../../src/broker/broker';
import { EventBus } from '../../../src/events/event-bus';
import { readEnvelope } from '../../../src/message/envelope';
import { ManualClock } from '../../../src/time/manual-clock';
import { Overruns } from '../../../src/worker/overruns';
import { RunningTask } from '../../../src/worker/running-task';
import { incomingMessage } from '../support/incoming-message';
import { taskDefinition } from '../support/task-definition';

const SLOTS = { name: 'emails', concurrency: 2 };

/** A queue with two slots, where handlers end when they are told to. */
function bench() {
  const clock = new ManualClock();
  const events = new EventBus();
  const told: string[] = [];
  events.on('task:overdue', ({ id, overdueMs }) => told.push(`${id} overdue ${overdueMs}`));
  events.on('task:overdue-ended', ({ id, overdueMs }) => told.push(`${id} ended ${overdueMs}`));
  const overruns = new Overruns(clock, events);
  const free: string[] = [];

  /** An attempt that times out after `timeoutMs`, was settled, and waits for its slot. */
  const overrun = async (id: string, timeoutMs = 30_000) => {
    const delivery = { ...incomingMessage({ messageId: id }), queue: 'emails' } as Delivery;
    const task = new RunningTask(id, 'emails', taskDefinition({ timeoutMs }), readEnvelope(delivery), delivery, 0);
    let end = (): void => undefined;
    const work = new Promise<void>((resolve) => {
      end = resolve;
    });
    const outcome = task.run(
      clock,
      () => work,
      () => overruns.add(task),
    );
    await clock.advance(timeoutMs);
    await outcome;
    void overruns.slotFree(delivery, SLOTS).then(() => free.push(id));
    await clock.advance(0);
    return { end: () => Promise.resolve(end()).then(() => clock.advance(0)) };
  };
  const keeping = () => overruns.keeping('emails');
  return { clock, overruns, overrun, keeping, told, free };
}

it('a handler that returns soon after its timeout keeps its slot until then, and nothing is said', async () => {
  const { clock, overrun, keeping, told, free } = bench();
  const { end } = await overrun('a');
  await clock.advance(9_999);
  expect([free, keeping()]).toEqual([[], 0]);
  await end();
  expect([free, told, keeping(), clock.pendingTimers]).toEqual([['a'], [], 0, 0]);
});

it('one that does not is said to be overdue, and its slot goes to the next', async () => {
  const { clock, overrun, keeping, told, free } = bench();
  const { end } = await overrun('a');
  await clock.advance(10_000);
  expect([free, told, keeping()]).toEqual([['a'], ['a overdue 10000'], 0]);
  await clock.advance(60_000);
  await end();
  expect([told.at(-1), keeping()]).toEqual(['a ended 70000', 0]);
});

it('gives it as long again as a short timeout was', async () => {
  const { clock, overrun, told } = bench();
  await overrun('a', 200);
  await clock.advance(199);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual(['a overdue 200']);
});

it('keeps slots from the moment on when as many run without one as there are, and frees one for each that returns', async () => {
  const { clock, overrun, keeping, free } = bench();
  const [first] = [await overrun('a', 100), await overrun('b', 100)];
  await clock.advance(100);
  const third = await overrun('c', 100);
  await overrun('d', 100);
  await clock.advance(100);
  expect([free, keeping()]).toEqual([['a', 'b'], 2]);
  await first.end();
  expect([free, keeping()]).toEqual([['a', 'b', 'c'], 1]);
  await third.end();
  expect([free, keeping()]).toEqual([['a', 'b', 'c', 'd'], 0]);
});

it('lets a worker that stops wait for none of them', async () => {
  const { clock, overruns, overrun, free } = bench();
  await overrun('a');
  overruns.stop();
  await clock.advance(0);
  expect([free, clock.pendingTimers]).toEqual([['a'], 0]);
  await overrun('b');
  expect([free, clock.pendingTimers]).toEqual([['a', 'b'], 0]);
});
