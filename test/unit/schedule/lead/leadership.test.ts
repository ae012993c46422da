import type { Publisher } from '../../../../src/broker/broker';
import type { OutgoingMessage } from '../../../../src/message/wire';
import { type Founding, Leadership } from '../../../../src/schedule/lead/leadership';
import { stateMark } from '../../../../src/schedule/state/message-json';
import { decodeState, MAX_FENCE } from '../../../../src/schedule/state/state-json';
import { ManualClock } from '../../../../src/time/manual-clock';
import { SCHEDULES_QUEUE } from '../../../../src/topology/names';
import { namesOf, receivedState, stateOf, stateOfAnother } from './held-states';

interface Published {
  readonly message: OutgoingMessage;
  confirm(): void;
  refuse(): void;
}

/** A leader that has found the state 3.7 with the schedule "found", and whose writes the test ends. */
function leading({ isCertain = true, found = stateOf(3, 7, 'found'), worker = 'leader' } = {}) {
  const clock = new ManualClock(1_000_000);
  const published: Published[] = [];
  const publisher: Publisher = {
    publish: (message) =>
      new Promise((resolve, reject) => {
        published.push({ message, confirm: resolve, refuse: () => reject(new Error('not confirmed')) });
      }),
    send: () => undefined,
  };
  const settled: string[] = [];
  const held: Founding['held'] = [receivedState(stateOfAnother(found), 'found', settled)];
  const leadership = new Leadership({ publisher, clock, worker }, { found, held, isCertain });
  const writes: Promise<string>[] = [];
  const written = (seq: number): readonly Published[] =>
    published.filter(({ message }) => stateMark({ ...message, redelivered: false })?.seq === seq);
  const toQueue = (seq: number): OutgoingMessage => {
    const own = written(seq).find(({ message }) => message.routingKey === SCHEDULES_QUEUE);
    if (own === undefined) throw new Error(`state ${seq} was not written`);
    return own.message;
  };
  const steps: Record<string, (seq: number) => Promise<void> | void> = {
    write: () => {
      const write = leadership.write(leadership.state).then(
        () => 'confirmed',
        () => 'failed',
      );
      writes.push(write);
    },
    confirm: async (seq) => {
      for (const each of written(seq)) each.confirm();
      await writes[seq - 1];
    },
    'confirm-copy': (seq) => {
      written(seq)
        .find(({ message }) => message.routingKey !== SCHEDULES_QUEUE)
        ?.confirm();
    },
    refuse: async (seq) => {
      for (const each of written(seq)) each.refuse();
      await writes[seq - 1];
    },
    echo: (seq) => leadership.receive(receivedState(toQueue(seq), `echo ${seq}`, settled)),
    other: (fence) => leadership.receive(receivedState(stateOfAnother(stateOf(fence, 9)), `other ${fence}`, settled)),
  };
  /** Carries out steps such as `write`, `confirm 1`, `echo 1`, `other 5`, with commas between them. */
  const play = async (script: string): Promise<void> => {
    for (const step of script.split(', ')) {
      const [name = '', number = '0'] = step.split(' ');
      await steps[name]?.(Number(number));
    }
  };
  return { leadership, clock, settled, published, writes, toQueue, play };
}

const LEASE_MS = 1_000;

describe('a leader gives up what it holds', () => {
  it.each<readonly [script: string, settled: readonly string[]]>([
    ['write', []],
    ['write, confirm 1', []],
    ['write, echo 1', []],
    ['write, confirm-copy 1, echo 1', []],
    ['write, refuse 1', []],
    ['write, echo 1, refuse 1', []],
    ['write, confirm 1, echo 1', ['found']],
    ['write, echo 1, confirm 1', ['found']],
    ['write, confirm 1, echo 1, echo 1', ['found', 'echo 1']],
    ['write, echo 1, echo 1, confirm 1', ['echo 1', 'found']],
    ['write, confirm 1, echo 1, write, confirm 2, echo 2', ['found', 'echo 1']],
    ['write, confirm 1, echo 1, write, echo 2', ['found']],
    ['write, confirm 1, echo 1, write, echo 2, refuse 2', ['found']],
    // The echo of the first comes after that of the second: a publisher that lost its connection has written it again.
    ['write, confirm 1, write, confirm 2, echo 2, echo 1', ['found', 'echo 1']],
    ['write, confirm 1, echo 1, write, confirm 2, echo 2, echo 1', ['found', 'echo 1', 'echo 1']],
    ['write, confirm 1, echo 1, other 3', ['found']],
    ['write, confirm 1, echo 1, other 3, write, confirm 2', ['found']],
    ['write, confirm 1, echo 1, other 3, write, confirm 2, echo 2', ['found', 'echo 1', 'other 3']],
    ['other 9, write, confirm 1, echo 1', ['found', 'other 9']],
    ['other 9, other 9, write, confirm 1, echo 1', ['found', 'other 9', 'other 9']],
  ])('only for a newer one of its own that is confirmed and has come back: %s', async (script, expected) => {
    const { play, settled } = leading();
    await play(script);
    expect(settled).toEqual(expected);
  });
});

describe('a leader is sure of its place', () => {
  it.each<readonly [what: string, script: string, passesMs: number, isSure: boolean]>([
    ['before it has written', 'other 3', 0, false],
    ['before its state has come back', 'write, confirm 1', 0, false],
    ['when it has come back', 'write, echo 1', 0, true],
    ['to the end of the lease', 'write, echo 1', LEASE_MS - 1, true],
    ['after the lease', 'write, echo 1', LEASE_MS, false],
    ['when the clock was set back', 'write, echo 1', -1, false],
    ['when the state of another has come', 'other 9', 0, false],
  ])('%s', async (_what, script, passesMs, isSure) => {
    const { leadership, clock, play } = leading();
    await play(script);
    expect(leadership.isSure(clock.now() + passesMs, LEASE_MS)).toBe(isSure);
  });

  it('from when it wrote, and not from when that came back', async () => {
    const { leadership, clock, play } = leading();
    await play('write, confirm 1');
    await clock.advance(LEASE_MS);
    await play('echo 1');
    expect(leadership.isSure(clock.now(), LEASE_MS)).toBe(false);
  });

  it('by its newest state, though an earlier one comes back after it', async () => {
    const { leadership, clock, play } = leading();
    await play('write, confirm 1');
    await clock.advance(LEASE_MS);
    await play('write, confirm 2, echo 2, echo 1');
    expect(leadership.isSure(clock.now(), LEASE_MS)).toBe(true);
  });

  it.each([
    ['of another process', 'other', false],
    ['of another leadership in the same process', 'leader', false],
  ])('not by the state %s', async (_what, worker) => {
    const { leadership, clock, play } = leading();
    const twin = leading({ worker });
    await play('write');
    await twin.play('write');
    leadership.receive(receivedState(twin.toQueue(1), 'echo of another'));
    expect(leadership.isSure(clock.now(), LEASE_MS)).toBe(false);
    expect(leadership.awaitsEcho).toBe(true);
  });

  it('no longer where its state does not come back for 15 s', async () => {
    const { leadership, clock, play } = leading();
    expect(leadership.echoDueAt).toBe(Number.POSITIVE_INFINITY);
    const writtenAt = clock.now();
    await play('write, confirm 1');
    expect(leadership.echoDueAt).toBe(writtenAt + 15_000);
    await clock.advance(1_000);
    await play('write, confirm 2');
    expect(leadership.echoDueAt).toBe(writtenAt + 15_000);
    await play('echo 2');
    expect([leadership.echoDueAt, leadership.awaitsEcho]).toEqual([Number.POSITIVE_INFINITY, false]);
  });
});

describe('two leaders in turn', () => {
  it('write under a higher fence than what they found, with numbers from 1', async () => {
    const first = leading();
    await first.play('write, confirm 1, echo 1, write, confirm 2');
    expect(first.leadership.state).toMatchObject({ fence: 4, seq: 2 });
    const found = decodeState(first.toQueue(2).body);
    if (found === undefined) throw new Error('it cannot be read');
    const second = leading({ found, worker: 'second' });
    await second.play('write, confirm 1');
    expect(second.leadership.state).toMatchObject({ fence: 5, seq: 1 });
  });

  it.each([
    ['at its own fence', 4, 10],
    ['at an earlier fence', 3, 4],
    ['at a later fence', 8, 9],
    ['at a fence that no leader can have reached', 2_000_000, 4],
    ['at the highest fence', MAX_FENCE, 4],
  ])('the second writes above a late state %s, now and when nothing more of it can come', async (_what, fence) => {
    const { leadership, clock, play, settled } = leading();
    await play('write, confirm 1, echo 1');
    expect(leadership.mustWrite(clock.now())).toBe(false);
    await play(`other ${fence}`);
    expect(leadership.mustWrite(clock.now())).toBe(true);
    await play('write, confirm 2, echo 2');
    const reachable = fence < 1_000_000;
    expect(leadership.state.fence).toBe(reachable ? Math.max(4, fence + 1) : 4);
    expect(namesOf(leadership.state)).toEqual(['found']);
    expect(settled).toEqual(['found', 'echo 1', `other ${fence}`]);
    expect([leadership.mustWrite(clock.now()), leadership.writeAgainAt]).toEqual([false, clock.now() + 15_000]);
    await clock.advance(15_000);
    expect(leadership.mustWrite(clock.now())).toBe(true);
    await play('write, confirm 3, echo 3');
    expect([leadership.mustWrite(clock.now()), leadership.writeAgainAt]).toEqual([false, Number.POSITIVE_INFINITY]);
  });

  it.each<readonly [what: string, isCertain: boolean, afterMs: number, names: readonly string[]]>([
    ['takes in what it missed when it began', false, 59_999, ['found', 'missed']],
    ['drops it a minute later', false, 60_000, ['found']],
    ['drops it where it had seen everything', true, 0, ['found']],
  ])('the second, who finds a state of the first later, %s', async (_what, isCertain, afterMs, names) => {
    const { leadership, clock, play } = leading({ isCertain });
    await clock.advance(afterMs);
    const missed = stateOf(3, 8, 'missed');
    leadership.receive(receivedState(stateOfAnother(missed), 'late'));
    leadership.receive(receivedState(stateOfAnother(missed), 'late, twice'));
    expect(namesOf(leadership.state)).toEqual(names);
    await play('write, confirm 1');
    expect(namesOf(leadership.state)).toEqual(names);
  });

  it('a state that cannot be read is held like any other', async () => {
    const { leadership, play, settled } = leading({ isCertain: false });
    const unreadable = { ...stateOfAnother(stateOf(3, 8)), body: Buffer.from('{') };
    leadership.receive(receivedState(unreadable, 'unreadable', settled));
    await play('write, confirm 1, echo 1');
    expect(settled).toEqual(['found', 'unreadable']);
  });

  it('the first has ended as soon as one of the deliveries that it holds is dead', () => {
    const { leadership } = leading();
    expect(leadership.live).toBe(true);
    const dead = receivedState(stateOfAnother(stateOf(4, 1)), 'dead');
    leadership.receive({ ...dead, delivery: { ...dead.delivery, live: false } });
    expect(leadership.live).toBe(false);
  });
});
