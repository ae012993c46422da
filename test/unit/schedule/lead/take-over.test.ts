import type { Broker, QueueReader } from '../../../../src/broker/broker';
import { QueueMissingError } from '../../../../src/errors/broker-errors';
import type { OutgoingMessage } from '../../../../src/message/wire';
import type { Presence } from '../../../../src/schedule/lead/presence';
import { TakeOver } from '../../../../src/schedule/lead/take-over';
import { scheduleMessage, stateMessages } from '../../../../src/schedule/state/message-json';
import { Inbox } from '../../../../src/schedule/state/received';
import type { ScheduleState } from '../../../../src/schedule/state/state';
import { ManualClock } from '../../../../src/time/manual-clock';
import { deliveryOf, namesOf, stateOf, stateOfAnother } from './held-states';

type Copy = OutgoingMessage | 'none' | 'missing';

const copyOf = (state: ScheduleState): OutgoingMessage => stateMessages(state, 'another')[1];
const ofNewerFormat = (message: OutgoingMessage): OutgoingMessage => ({
  ...message,
  body: Buffer.from('{"format":2}'),
});

/** A process that is served from the queue of schedules, and what it finds in the copy for readers. */
function takingOver(copy: Copy = 'none') {
  const clock = new ManualClock(1_000_000);
  const hellos: string[] = [];
  let looks = 0;
  let shown = copy;
  const reader = (): QueueReader => {
    const found = typeof shown === 'string' ? [] : [deliveryOf(shown, 'copy', [], true)];
    return { next: async () => found.shift(), settled: async () => undefined, close: async () => undefined };
  };
  const takeOver = new TakeOver({
    broker: {
      openReader: async () => {
        looks++;
        if (shown === 'missing') throw new QueueMissingError('warren.schedules.view');
        return reader();
      },
    } as Partial<Broker> as Broker,
    clock,
    presence: { say: async (nonce: string) => void hellos.push(nonce) } as Partial<Presence> as Presence,
    newId: () => 'nonce',
  });
  const inbox = new Inbox();
  const release = { queues: [], schedules: [] };
  return {
    clock,
    hellos,
    looks: () => looks,
    show: (next: Copy) => {
      shown = next;
    },
    comes: (message: OutgoingMessage, redelivered = false) =>
      inbox.receive(deliveryOf(message, 'message', [], redelivered)),
    nonceComes: (nonce = 'nonce') =>
      inbox.receive(
        deliveryOf(
          scheduleMessage({ kind: 'hello', worker: 'w', startedAt: 1, releaseKey: 'k', release, nonce }),
          'hello',
        ),
      ),
    next: (isFull = false) => takeOver.next(inbox, isFull),
    /** The names of the schedules that it found, how many deliveries it holds, and whether there can be no other state. */
    taken: async (isFull = false) => {
      const step = await takeOver.next(inbox, isFull);
      if (step.kind !== 'taken') return step.kind;
      const { found, held, isCertain } = step.founding;
      return [namesOf(found).join(' '), held.length, isCertain];
    },
  };
}

describe('a take-over waits', () => {
  it('for its own hello, which it sends once', async () => {
    const { hellos, comes, nonceComes, next, taken } = takingOver();
    comes(stateOfAnother(stateOf(3, 7, 'a')), true);
    expect(await next()).toEqual({ kind: 'wait', until: undefined });
    nonceComes('of another');
    expect(await next()).toEqual({ kind: 'wait', until: undefined });
    nonceComes();
    expect(await taken()).toEqual(['a', 1, true]);
    expect(hellos).toEqual(['nonce']);
  });

  it('no longer than until no more can come', async () => {
    const { comes, taken } = takingOver();
    comes(stateOfAnother(stateOf(3, 7, 'a')), true);
    expect(await taken(true)).toEqual(['a', 1, false]);
  });

  it('5 s for a state of which there is only the copy, and takes it where it comes', async () => {
    const { clock, comes, nonceComes, next, taken } = takingOver(copyOf(stateOf(3, 7, 'a')));
    nonceComes();
    const until = clock.now() + 5_000;
    expect(await next()).toEqual({ kind: 'wait', until });
    await clock.advance(4_999);
    expect(await next()).toEqual({ kind: 'wait', until });
    comes(stateOfAnother(stateOf(3, 8, 'a', 'b')), true);
    expect(await taken()).toEqual(['a b', 1, true]);
  });

  it('5 s for a state of which there is only the copy, and takes the copy then', async () => {
    const { clock, nonceComes, next, taken, looks } = takingOver(copyOf(stateOf(3, 7, 'a')));
    nonceComes();
    for (let round = 0; round < 10; round++) expect(await next()).toMatchObject({ kind: 'wait' });
    // It has seen that there is one.
    expect(looks()).toBe(1);
    await clock.advance(5_000);
    expect(await taken()).toEqual(['a', 0, false]);
  });

  it('while another process reads the copy that decides between two states, 20 times at most', async () => {
    const { clock, comes, nonceComes, next, show, taken } = takingOver('none');
    comes(stateOfAnother(stateOf(3, 7, 'a')));
    comes(stateOfAnother(stateOf(9, 9, 'forged')));
    nonceComes();
    for (let look = 0; look < 19; look++) expect(await next()).toEqual({ kind: 'wait', until: clock.now() + 10 });
    show(copyOf(stateOf(3, 7, 'a')));
    expect(await taken()).toEqual(['a', 2, true]);
  });

  it('while another process reads the copy, and decides without it after 20 looks', async () => {
    const { comes, nonceComes, next, taken } = takingOver('none');
    comes(stateOfAnother(stateOf(3, 7, 'a')), true);
    comes(stateOfAnother(stateOf(9, 9, 'forged')));
    nonceComes();
    for (let look = 0; look < 20; look++) expect(await next()).toMatchObject({ kind: 'wait' });
    expect(await taken()).toEqual(['a', 2, true]);
  });
});

describe('a take-over finds', () => {
  const first = stateOf(3, 7, 'a');
  const second = stateOf(3, 8, 'a', 'b');
  const forged = stateOf(99, 1, 'forged');

  type Come = readonly [state: ScheduleState, how: 'held' | 'new'];
  type Taken = readonly [names: string, held: number, isCertain: boolean];
  it.each<readonly [what: string, come: readonly Come[], copy: Copy, taken: Taken]>([
    ['nothing where there were never schedules', [], 'none', ['', 0, false]],
    ['the state that the last leader held', [[first, 'held']], 'none', ['a', 1, true]],
    [
      'the state that the last leader held, which came twice',
      [
        [first, 'held'],
        [first, 'held'],
      ],
      copyOf(first),
      ['a', 2, true],
    ],
    [
      'the newer of two, where the leader died before it acknowledged',
      [
        [first, 'held'],
        [second, 'new'],
      ],
      copyOf(second),
      ['a b', 2, true],
    ],
    [
      'the newer of two, whichever comes first',
      [
        [second, 'new'],
        [first, 'held'],
      ],
      copyOf(second),
      ['a b', 2, true],
    ],
    [
      'the newer of two, each of them twice',
      [
        [first, 'held'],
        [second, 'new'],
        [first, 'held'],
        [second, 'new'],
      ],
      copyOf(second),
      ['a b', 4, true],
    ],
    [
      'the older of two, where the leader died before the copy: its changes come once more',
      [
        [first, 'held'],
        [second, 'new'],
      ],
      copyOf(first),
      ['a', 2, true],
    ],
    [
      'what the copy holds, beside a forged state',
      [
        [forged, 'new'],
        [first, 'held'],
      ],
      copyOf(first),
      ['a', 2, true],
    ],
    [
      'what a leader has held, beside a forged state and a forged copy',
      [
        [first, 'held'],
        [forged, 'new'],
      ],
      copyOf(stateOf(50, 1, 'x')),
      ['a', 2, true],
    ],
    [
      'what both know, where only a new state and another copy are there',
      [[first, 'new']],
      copyOf(stateOf(9, 1, 'c')),
      ['a c', 1, true],
    ],
    ['a new state, where the copy is gone', [[first, 'new']], 'missing', ['a', 1, true]],
  ])('%s', async (_what, come, copy, expected) => {
    const { comes, nonceComes, taken } = takingOver(copy);
    for (const [state, how] of come) comes(stateOfAnother(state), how === 'held');
    nonceComes();
    let result = await taken();
    for (let look = 0; result === 'wait' && look < 20; look++) result = await taken();
    expect(result).toEqual(expected);
  });

  it.each<readonly [what: string, copy: Copy]>([
    ['with its copy', ofNewerFormat(copyOf(first))],
    ['without its copy', 'missing'],
  ])('a state that a newer version wrote, %s, and leaves it alone', async (_what, copy) => {
    const { comes, nonceComes, next } = takingOver(copy);
    comes(ofNewerFormat(stateOfAnother(stateOf(9, 1))), true);
    nonceComes();
    let step = await next();
    for (let look = 0; step.kind === 'wait' && look < 20; look++) step = await next();
    expect(step).toEqual({ kind: 'newer-format', fence: 9 });
  });

  it('the copy of a newer version, and leaves it alone', async () => {
    const { nonceComes, next } = takingOver(ofNewerFormat(copyOf(first)));
    nonceComes();
    expect(await next()).toEqual({ kind: 'newer-format', fence: 0 });
  });
});
