import { randomUUID } from 'node:crypto';
import type { Broker, Delivery } from '../../../../src/broker/broker';
import { EventBus } from '../../../../src/events/event-bus';
import { MemoryServer } from '../../../../src/memory/memory-server';
import type { OutgoingMessage } from '../../../../src/message/wire';
import { Presence } from '../../../../src/schedule/lead/presence';
import { Scheduler } from '../../../../src/schedule/lead/scheduler';
import { scheduleMessage, stateMessages } from '../../../../src/schedule/state/message-json';
import { scheduleInfos } from '../../../../src/schedule/state/schedule-info';
import { EMPTY_STATE, newEntry, type ScheduleState, type StoredSchedule } from '../../../../src/schedule/state/state';
import { readView } from '../../../../src/schedule/state/view';
import type { Clock } from '../../../../src/time/clock';
import { systemClock } from '../../../../src/time/system-clock';
import { planTopology } from '../../../../src/topology/plan';
import { bounded, eventually } from '../../../support/bounded';
import { homeQueue } from '../../topology/home-queue';
import { at, stored } from '../stored';

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

const isListed = (state: ScheduleState, name: string): boolean =>
  scheduleInfos(state, 0).some((info) => info.name === name);

describe('a scheduler', () => {
  let server: MemoryServer;
  let broker: Broker;
  let clock: JumpingClock;
  const schedulers: Scheduler[] = [];
  const ids: string[] = [];
  const told: string[] = [];
  const unusable: string[] = [];

  beforeEach(async () => {
    clock = new JumpingClock();
    clock.set(at('00:00:00'));
    server = new MemoryServer({ clock: systemClock });
    broker = server.connect();
    await broker.connect();
    await broker.applyTopology(planTopology({ queues: [homeQueue('reports')], schedules: true }), 'assert');
    ids.length = 0;
    told.length = 0;
    unusable.length = 0;
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

  const start = async (
    schedules: readonly StoredSchedule[],
    worker: string = randomUUID(),
    prefetch?: number,
  ): Promise<Scheduler> => {
    const connection = server.connect();
    await connection.connect();
    const release = { queues: ['reports'], schedules };
    const { publisher } = connection;
    const events = new EventBus();
    events.on('schedules:leading', ({ leading, reason }) => told.push(leading ? 'leads' : `follows: ${reason}`));
    events.on('schedule:unusable', ({ schedule, problem }) => unusable.push(`${schedule}: ${problem}`));
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
      ...(prefetch === undefined ? {} : { prefetch }),
    });
    schedulers.push(scheduler);
    await scheduler.start();
    await eventually(
      'the schedules to be known',
      () => readView(broker),
      (state) => typeof state !== 'string' && schedules.every(({ name }) => isListed(state, name)),
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

  const add = (name: string): Promise<void> =>
    broker.publisher.publish(
      scheduleMessage({ kind: 'command', command: { kind: 'add', id: `add-${name}`, schedule: stored({ name }) } }),
    );
  const addMany = async (count: number): Promise<readonly string[]> => {
    const names = Array.from({ length: count }, (_, index) => `added-${String(index).padStart(4, '0')}`);
    await Promise.all(names.map(add));
    return names;
  };
  const namesOf = ({ entries }: ScheduleState): readonly string[] => [...entries.keys()].sort();

  it('takes over 5,000 changes that were stored while nobody led', async () => {
    const names = await addMany(5_000);
    await start([stored({ name: 'mine' })]);
    const state = await eventually('all of them', view, ({ entries }) => entries.size === 5_001, 30_000);
    expect(namesOf(state)).toEqual([...names, 'mine']);
    clock.set(at('00:01:00'));
    await ran(5_001);
  }, 60_000);

  it.each([
    ['begun before', true],
    ['never begun', false],
  ])('takes over more changes than one consumer can hold, in order, from a state %s', async (_what, isBegun) => {
    if (isBegun) {
      await (await start([stored({ name: 'mine' })])).stop();
      await add('earlier');
    }
    const names = await addMany(300);
    const pause = { kind: 'pause', id: 'pause', name: names[0] ?? '' } as const;
    await broker.publisher.publish(scheduleMessage({ kind: 'command', command: pause }));
    await start([stored({ name: 'mine' })], randomUUID(), 50);
    const expected = [...names, ...(isBegun ? ['earlier'] : []), 'mine'].sort();
    const state = await eventually('all of them', view, ({ entries }) => entries.size === expected.length);
    expect(namesOf(state)).toEqual(expected);
    const paused = await eventually('the last change', view, ({ entries }) => entries.get(pause.name)?.paused === true);
    expect(paused.entries.size).toBe(expected.length);
    clock.set(at('00:01:00'));
    await ran(expected.length - 1);
  });

  /** A state as somebody may forge it who may write to the queue. */
  const forged = (
    headers: Readonly<Record<string, unknown>>,
    body: unknown = { format: 1, fence: 1, seq: 1, entries: [], releases: [], workers: [], answers: [] },
  ): OutgoingMessage => ({
    exchange: '',
    routingKey: 'warren.schedules',
    body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
    properties: { type: 'warren.schedules.state', contentType: 'application/json', headers },
  });
  const empty = (fence: number, seq: number): unknown => ({
    format: 1,
    fence,
    seq,
    entries: [],
    releases: [],
    workers: [],
    answers: [],
  });
  const FORGERIES: ReadonlyArray<readonly [string, OutgoingMessage]> = [
    ...[2 ** 53 - 1, 2 ** 48, 2 ** 48 + 1, 2 ** 31, 1e6, 3, 2, 1, 0, -1, 0.5, 1e300].map(
      (fence) =>
        [
          `fence ${fence}`,
          forged({ 'warren-fence': fence, 'warren-seq': 1, 'warren-leader': 'x' }, empty(fence, 1)),
        ] as const,
    ),
    ...[2 ** 53 - 1, 2 ** 48, -1].map(
      (seq) =>
        [`seq ${seq}`, forged({ 'warren-fence': 1, 'warren-seq': seq, 'warren-leader': 'w1' }, empty(1, seq))] as const,
    ),
    ['the own name', forged({ 'warren-fence': 2, 'warren-seq': 1, 'warren-leader': 'w1' }, empty(2, 1))],
    [
      'the own name and another code',
      forged({ 'warren-fence': 1, 'warren-seq': 2, 'warren-leader': 'w1', 'warren-echo': 'x' }),
    ],
    ['types', forged({ 'warren-fence': '9', 'warren-seq': true, 'warren-leader': 7 })],
    ['a long leader', forged({ 'warren-fence': 9, 'warren-seq': 1, 'warren-leader': 'x'.repeat(10_000) })],
    ['no headers', forged({})],
    ['no JSON', forged({ 'warren-fence': 9, 'warren-seq': 1, 'warren-leader': 'x' }, Buffer.from('{'))],
    ['a newer format', forged({ 'warren-fence': 9, 'warren-seq': 1, 'warren-leader': 'x' }, { format: 2 })],
    [
      'a large body',
      forged({ 'warren-fence': 9, 'warren-seq': 1, 'warren-leader': 'x' }, Buffer.alloc(15 * 1024 * 1024, ' ')),
    ],
    [
      'headers that do not fit the body',
      forged({ 'warren-fence': 9, 'warren-seq': 1, 'warren-leader': 'x' }, empty(2 ** 53 - 1, 1)),
    ],
    ['the farewell of the leader', scheduleMessage({ kind: 'bye', worker: 'w1' })],
    [
      'another release of the leader',
      scheduleMessage({
        kind: 'hello',
        worker: 'w1',
        startedAt: 8.64e15,
        releaseKey: 'other',
        release: { queues: ['reports'], schedules: [] },
        nonce: undefined,
      }),
    ],
  ];

  // By name alone: Jest would print the bodies.
  it.each(FORGERIES.map(([what]) => what))(
    'keeps ticking, and so does its successor, after a forged message with %s',
    async (what) => {
      const message = FORGERIES.find(([name]) => name === what)?.[1] ?? forged({});
      const first = await start([stored({ name: 'mine' })], 'w1');
      await add('added');
      await eventually('the added one', view, ({ entries }) => entries.size === 2);
      await broker.publisher.publish(message);
      clock.set(at('00:01:00'));
      await ran(2);
      await first.stop();
      // Now it stands beside the state, and nobody has seen it.
      await broker.publisher.publish(message);
      await start([stored({ name: 'mine' })], 'w2');
      clock.set(at('00:02:00'));
      await ran(4);
      expect(namesOf(await view())).toEqual(['added', 'mine']);
      expect(ids.sort()).toEqual(
        ['added', 'mine'].flatMap((name) => ['00:01', '00:02'].map((time) => `${name}@2026-01-01T${time}:00.000Z`)),
      );
      expect(told.filter((each) => each !== 'leads')).toEqual(['follows: it stops']);
    },
  );

  it('keeps all schedules after forged states of every kind, one after the other', async () => {
    const first = await start([stored({ name: 'mine' })], 'w1');
    await add('added');
    await eventually('the added one', view, ({ entries }) => entries.size === 2);
    for (const [, message] of FORGERIES) await broker.publisher.publish(message);
    await eventually(
      'all of them to be seen',
      () => broker.countReady('warren.schedules'),
      (ready) => ready === 0,
    );
    for (const [, message] of FORGERIES) await broker.publisher.publish(message);
    await first.stop();
    await start([stored({ name: 'mine' })], 'w2');
    clock.set(at('00:01:00'));
    await ran(2);
    expect(namesOf(await view())).toEqual(['added', 'mine']);
  });

  it('keeps all schedules when somebody writes over the copy for readers', async () => {
    const first = await start([stored({ name: 'mine' })], 'w1');
    await add('added');
    await eventually('the added one', view, ({ entries }) => entries.size === 2);
    const [, copy] = stateMessages({ ...EMPTY_STATE, fence: 1_000, seq: 1 }, 'x');
    await broker.publisher.publish(copy);
    await first.stop();
    await broker.publisher.publish(copy);
    await start([stored({ name: 'mine' })], 'w2');
    clock.set(at('00:01:00'));
    await ran(2);
    expect(namesOf(await view())).toEqual(['added', 'mine']);
  });

  it('hears others beside a worker that says what cannot be read, and reports it', async () => {
    await start([stored({ name: 'mine' })]);
    const hello = scheduleMessage({
      kind: 'hello',
      worker: 'other',
      startedAt: 1,
      releaseKey: 'k',
      release: {
        queues: ['reports'],
        schedules: [
          stored({ name: 'fractional', jitterMs: 5000 / 3 }),
          stored({ name: 'elsewhere', rule: { kind: 'cron', cron: '* * * * *', timeZone: 'Mars/Base' } }),
          stored({ name: 'late', startAt: 8.64e15 }),
        ],
      },
      nonce: undefined,
    });
    await broker.publisher.publish(hello);
    const state = await eventually('the usable one', view, ({ entries }) => entries.has('fractional'));
    expect(state.entries.get('fractional')?.schedule.jitterMs).toBe(1_667);
    expect(scheduleInfos(state, clock.now()).map((info) => [info.name, info.state])).toEqual([
      ['elsewhere', 'unusable'],
      ['fractional', 'active'],
      ['late', 'unusable'],
      ['mine', 'active'],
    ]);
    expect(unusable).toEqual([
      'elsewhere: timeZone: this process knows no time zone "Mars/Base"',
      'late: startAt: 8640000000000000 is out of range',
    ]);
    clock.set(at('00:01:00'));
    await ran(2);
  });

  it('begins though it cannot read what it says itself', async () => {
    const mine = stored({ name: 'mine', rule: { kind: 'cron', cron: '* * * * *', timeZone: 'Mars/Base' } });
    await start([mine]);
    expect(told).toEqual(['leads']);
    expect(unusable).toEqual(['mine: timeZone: this process knows no time zone "Mars/Base"']);
  });

  it('sets aside a stored schedule that cannot be used, and goes on with the others until it is removed', async () => {
    const entries = [
      newEntry(stored({ name: 'fine' }), 'run-time', at('00:00:00')),
      newEntry(
        stored({ name: 'late', startAt: 8.64e15, rule: { kind: 'cron', cron: '* * * * *', timeZone: 'UTC' } }),
        'run-time',
        1,
      ),
    ];
    const before = {
      ...EMPTY_STATE,
      fence: 3,
      seq: 1,
      entries: new Map(entries.map((entry) => [entry.schedule.name, entry])),
    };
    for (const message of stateMessages(before, 'earlier')) await broker.publisher.publish(message);
    await start([stored({ name: 'mine' })]);
    clock.set(at('00:01:00'));
    await ran(2);
    expect(unusable).toEqual(['late: startAt: 8640000000000000 is out of range']);
    const change = (kind: 'pause' | 'remove'): Promise<void> =>
      broker.publisher.publish(scheduleMessage({ kind: 'command', command: { kind, id: kind, name: 'late' } }));
    await change('pause');
    await change('remove');
    const state = await eventually('its removal', view, ({ answers }) => answers.length === 2);
    expect(state.answers).toEqual([
      { id: 'pause', refusal: 'unusable', problem: 'startAt: 8640000000000000 is out of range' },
      { id: 'remove', refusal: undefined },
    ]);
    expect(scheduleInfos(state, clock.now()).map(({ name }) => name)).toEqual(['fine', 'mine']);
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
