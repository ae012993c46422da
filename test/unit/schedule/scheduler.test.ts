import { randomUUID } from 'node:crypto';
import type { Broker, Delivery } from '../../../src/broker/broker';
import { EventBus } from '../../../src/events/event-bus';
import { MemoryServer } from '../../../src/memory/memory-server';
import { stateMessages } from '../../../src/schedule/message-json';
import { Presence } from '../../../src/schedule/presence';
import { Scheduler } from '../../../src/schedule/scheduler';
import { EMPTY_STATE, newEntry, type ScheduleState, type StoredSchedule } from '../../../src/schedule/state';
import { readView } from '../../../src/schedule/view';
import type { Clock } from '../../../src/time/clock';
import { systemClock } from '../../../src/time/system-clock';
import { planTopology } from '../../../src/topology/plan';
import { bounded, eventually } from '../../support/bounded';
import { homeQueue } from '../topology/home-queue';
import { at, stored } from './stored';

/** Real timers, and a time of day that the test sets. */
class JumpingClock implements Clock {
  #offsetMs = 0;

  now(): number {
    return systemClock.now() + this.#offsetMs;
  }

  schedule(callback: () => void, delayMs: number) {
    return systemClock.schedule(callback, delayMs);
  }

  set(now: number): void {
    this.#offsetMs = now - systemClock.now();
  }
}

describe('a scheduler', () => {
  let server: MemoryServer;
  let broker: Broker;
  let clock: JumpingClock;
  const schedulers: Scheduler[] = [];
  const ids: string[] = [];
  const told: string[] = [];

  beforeEach(async () => {
    clock = new JumpingClock();
    clock.set(at('00:00:00'));
    server = new MemoryServer({ clock: systemClock });
    broker = server.connect();
    await broker.connect();
    await broker.applyTopology(planTopology({ queues: [homeQueue('reports')], schedules: true }), 'assert');
    ids.length = 0;
    told.length = 0;
    await broker.subscribe({
      queue: 'reports',
      prefetch: 100,
      onDelivery: (delivery: Delivery) => {
        ids.push(delivery.properties.messageId ?? '');
        delivery.ack();
      },
    });
  });
  afterEach(async () => {
    await Promise.all(schedulers.splice(0).map((scheduler) => scheduler.stop()));
    await broker.close();
  });

  const start = async (schedules: readonly StoredSchedule[], worker: string = randomUUID()): Promise<Scheduler> => {
    const connection = server.connect();
    await connection.connect();
    const release = { queues: ['reports'], schedules };
    const { publisher } = connection;
    const events = new EventBus();
    events.on('schedules:leading', ({ leading, reason }) => told.push(leading ? 'leads' : `follows: ${reason}`));
    const scheduler = new Scheduler({
      broker: connection,
      events,
      clock,
      presence: new Presence({ publisher, clock, worker, releaseKey: worker, release, isHeard: async () => true }),
      worker,
      appId: 'test',
      newId: randomUUID,
      leaseMs: 1_000,
      graceMs: 60_000,
      maxSleepMs: 20,
    });
    schedulers.push(scheduler);
    await scheduler.start();
    await eventually(
      'the schedules to be known',
      () => readView(broker),
      (state) => typeof state !== 'string' && schedules.every(({ name }) => state.entries.has(name)),
    );
    return scheduler;
  };
  const view = async (): Promise<ScheduleState> => {
    const state = await readView(broker);
    if (typeof state === 'string') throw new Error(`the copy is ${state}`);
    return state;
  };
  const ran = (count: number): Promise<unknown> =>
    eventually(
      `${count} ticks`,
      () => ids.length,
      (length) => length >= count,
    );
  const settled = (): Promise<unknown> =>
    eventually(
      'a state with no change under way',
      () => broker.countReady('warren.schedules'),
      (ready) => ready === 0,
    );

  it('sees that the clock jumps ahead, and makes up for what it has passed', async () => {
    await start([stored({ name: 'all', catchUp: 'all', rule: { kind: 'every', everyMs: 3_600_000 } })]);
    clock.set(at('03:30:00'));
    await ran(3);
    expect(ids).toEqual(['01', '02', '03'].map((hour) => `all@2026-01-01T${hour}:00:00.000Z`));
  });

  it('makes no tick twice when the clock jumps back, and goes on when it has caught up', async () => {
    const hourly = { kind: 'every', everyMs: 3_600_000 } as const;
    await start([stored({ name: 'early', rule: hourly })]);
    clock.set(at('01:00:00'));
    await ran(1);
    clock.set(at('00:30:00'));
    // One that is new counts from the time that it is now.
    await start([stored({ name: 'early', rule: hourly }), stored({ name: 'later', rule: hourly })]);
    clock.set(at('01:00:00'));
    await ran(2);
    clock.set(at('02:00:00'));
    await ran(4);
    expect(ids).toEqual([
      'early@2026-01-01T01:00:00.000Z',
      'later@2026-01-01T01:00:00.000Z',
      'early@2026-01-01T02:00:00.000Z',
      'later@2026-01-01T02:00:00.000Z',
    ]);
  });

  it('drops what an earlier leader still writes, and puts its own copy over that', async () => {
    await (await start([stored({ name: 'mine' })])).stop();
    await start([stored({ name: 'mine' })]);
    await eventually('the second leader', view, (state) => state.fence === 2);
    told.length = 0;
    const { fence } = await view();
    const late = {
      ...EMPTY_STATE,
      fence,
      seq: 1_000,
      entries: new Map([['x', newEntry(stored({ name: 'x' }), 'run-time', 1)]]),
    };
    const [state, copy] = stateMessages(late, 'somebody else');
    const isOwn = ({ entries, fence: shown }: ScheduleState): boolean =>
      entries.has('mine') && !entries.has('x') && shown > fence;
    await broker.publisher.publish(state);
    await eventually('the answer to the late state', view, isOwn);
    // The copy of the late one comes even later, and hides the right one, until nothing of that leader can come any more.
    await broker.publisher.publish(copy);
    expect(isOwn(await view())).toBe(false);
    clock.set(clock.now() + 15_000);
    await eventually('the copy to be its own again', view, isOwn);
    expect(told).toEqual([]);
  });

  it('takes in what was known before, when it turns up after another state was begun', async () => {
    await start([stored({ name: 'mine' })]);
    const entries = new Map([['x', newEntry(stored({ name: 'x' }), 'run-time', 1)]]);
    const [earlier] = stateMessages({ ...EMPTY_STATE, fence: 5, seq: 1_000, entries }, 'somebody else');
    await broker.publisher.publish(earlier);
    const joined = await eventually('both to be known', view, (state) => state.entries.has('x'));
    expect([...joined.entries.keys()].sort()).toEqual(['mine', 'x']);
    expect(joined.fence).toBe(6);
  });

  it('takes over what the last one has left, once that has gone', async () => {
    const first = await start([stored({ name: 'mine', rule: { kind: 'every', everyMs: 3_600_000 } })]);
    await start([stored({ name: 'mine', rule: { kind: 'every', everyMs: 3_600_000 } })]);
    expect(told).toEqual(['leads']);
    clock.set(at('01:00:00'));
    await ran(1);
    await first.stop();
    await eventually(
      'the other to lead',
      () => told,
      (all) => all.length === 3,
    );
    expect(told).toEqual(['leads', 'follows: it stops', 'leads']);
    clock.set(at('02:00:00'));
    await ran(2);
    expect(ids).toEqual(['mine@2026-01-01T01:00:00.000Z', 'mine@2026-01-01T02:00:00.000Z']);
  });

  it('that loses its connection lets others lead, and makes nothing twice', async () => {
    await start([stored({ name: 'mine', rule: { kind: 'every', everyMs: 3_600_000 } })]);
    clock.set(at('01:00:00'));
    await ran(1);
    server.dropConnections();
    clock.set(at('02:00:00'));
    await ran(2);
    expect(new Set(ids).size).toBe(2);
  });

  it('leaves a state that it cannot read to newer versions', async () => {
    const [message] = stateMessages({ ...EMPTY_STATE, fence: 9, seq: 1 }, 'newer');
    const body = Buffer.from(JSON.stringify({ format: 2 }));
    await broker.publisher.publish({ ...message, body });
    const connection = server.connect();
    await connection.connect();
    const release = { queues: [], schedules: [] };
    const { publisher } = connection;
    const events = new EventBus();
    const refused = events.once('schedules:leading', ({ leading }) => !leading);
    const presence = new Presence({
      publisher,
      clock,
      worker: 'w',
      releaseKey: 'k',
      release,
      isHeard: async () => true,
    });
    const scheduler = new Scheduler({
      broker: connection,
      events,
      clock,
      presence,
      worker: 'w',
      appId: 'test',
      newId: randomUUID,
      leaseMs: 1_000,
      graceMs: 60_000,
      maxSleepMs: 20,
    });
    schedulers.push(scheduler);
    await scheduler.start();
    expect((await bounded('the refusal', refused)).reason).toContain('newer version');
    await standIn(broker, ({ body: found }) => found.equals(body));
  });

  it('reads what was written while nobody led, in order', async () => {
    await settled();
    await start([stored({ name: 'mine' })]);
    expect([...(await view()).entries.keys()]).toEqual(['mine']);
  });
});

/** Whoever is served next, as a newer version would be: resolves when this has come. */
async function standIn(broker: Broker, isMeant: (delivery: Delivery) => boolean): Promise<void> {
  let arrived: () => void = () => undefined;
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const onDelivery = (delivery: Delivery): void => {
    if (isMeant(delivery)) arrived();
  };
  await broker.subscribe({ queue: 'warren.schedules', prefetch: 10, onDelivery });
  await bounded('the state', arrival);
}
