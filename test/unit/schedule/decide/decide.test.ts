import fc from 'fast-check';
import { asCarriedOut, type DecideInput, decide, nextDueAt } from '../../../../src/schedule/decide/decide';
import { HELLO_MS, nameClashes } from '../../../../src/schedule/decide/reconcile';
import type { ScheduleMessage } from '../../../../src/schedule/state/messages';
import { EMPTY_STATE, type ScheduleState, type StoredSchedule } from '../../../../src/schedule/state/state';
import { at, stored } from '../stored';

const NOTHING: Omit<DecideInput, 'now'> = { messages: [], graceMs: 60_000, mayTick: true, resting: new Set() };
const step = (state: ScheduleState, now: number, ...messages: readonly ScheduleMessage[]) =>
  decide(state, { ...NOTHING, now, messages });
const hello = (
  worker: string,
  startedAt: number,
  schedules: readonly StoredSchedule[],
  queues: readonly string[] = ['reports'],
): ScheduleMessage => ({
  kind: 'hello',
  worker,
  startedAt,
  releaseKey: JSON.stringify([queues, schedules]),
  release: { queues, schedules },
  nonce: undefined,
});
const bye = (worker: string): ScheduleMessage => ({ kind: 'bye', worker });
const command = (fields: object, id = 'c'): ScheduleMessage =>
  ({ kind: 'command', command: { id, ...fields } }) as ScheduleMessage;
const active = (state: ScheduleState): readonly string[] =>
  [...state.entries.values()]
    .filter(({ dormantSince }) => dormantSince === undefined)
    .map(({ schedule }) => schedule.name);

describe('schedules of code', () => {
  const a = stored({ name: 'a' });
  const b = stored({ name: 'b' });

  it('begin when a worker tells of them: no tick before that was promised', () => {
    const { state, ticks } = step(EMPTY_STATE, at('00:00:30'), hello('w1', 1, [a]));
    expect(ticks).toEqual([]);
    expect(nextDueAt(state, new Set())).toBe(at('00:01:00'));
    expect(step(state, at('00:01:00')).ticks.map(({ id }) => id)).toEqual(['a@2026-01-01T00:01:00.000Z']);
  });

  it('go when the last worker that carries them is gone, and another serves their queue without them', () => {
    let { state } = step(EMPTY_STATE, at('00:00:00'), hello('old', 1, [a, b]), hello('new', 2, [b]));
    expect(active(state)).toEqual(['a', 'b']);
    state = step(state, at('00:00:01'), bye('old')).state;
    expect(active(state)).toEqual(['b']);
    expect(step(state, at('00:05:00')).ticks.map(({ schedule }) => schedule.name)).not.toContain('a');
  });

  it('go though a word of the worker that has left comes after its last one', () => {
    let { state } = step(EMPTY_STATE, at('00:00:00'), hello('old', 1, [a, b]), hello('new', 2, [b]));
    state = step(state, at('00:00:01'), bye('old'), hello('old', 1, [a, b])).state;
    expect(active(state)).toEqual(['b']);
  });

  it('stay while nobody serves their queue: a whole service may be down', () => {
    let { state } = step(EMPTY_STATE, at('00:00:00'), hello('w', 1, [a]), hello('other', 2, [], ['emails']));
    state = step(state, at('00:00:01'), bye('w')).state;
    expect(active(state)).toEqual(['a']);
    expect(step(state, at('00:01:00')).ticks).toHaveLength(1);
  });

  it('are those of the worker that started last, in whatever order they tell', () => {
    const changed = stored({ name: 'a', body: '"new"' });
    const words = [hello('old', 1, [a]), hello('new', 2, [changed])];
    for (const order of [words, [...words].reverse()]) {
      const { state } = step(EMPTY_STATE, at('00:00:00'), ...order);
      expect(state.entries.get('a')?.schedule.body).toBe('"new"');
    }
  });

  it('count other times from when these are known, and anything else from the next tick', () => {
    const { state } = step(EMPTY_STATE, at('00:00:00'), hello('old', 1, [stored({ name: 'a' })]));
    const payload = hello('new', 2, [stored({ name: 'a', body: '1' })]);
    expect(step(state, at('00:01:30'), payload).ticks.map(({ schedule }) => schedule.body)).toEqual(['1']);
    const times = hello('new', 2, [stored({ name: 'a', rule: { kind: 'every', everyMs: 10_000 } })]);
    expect(step(state, at('00:01:30'), times).ticks).toEqual([]);
  });

  it('that were taken back within a day go on where they were', () => {
    let { state } = step(EMPTY_STATE, at('00:00:00'), hello('v1', 1, [a, b]));
    state = step(state, at('00:00:01'), hello('v2', 2, [b]), bye('v1')).state;
    state = step(state, at('06:00:10'), hello('v2', 2, [b])).state;
    const back = step(state, at('06:00:20'), hello('v3', 3, [a, b]), bye('v2'));
    expect(back.ticks.map(({ id }) => id)).toContain('a@2026-01-01T06:00:00.000Z');
    expect(active(back.state)).toEqual(['a', 'b']);
  });

  it('are forgotten when they do not come back', () => {
    let { state } = step(EMPTY_STATE, at('00:00:00'), hello('v1', 1, [a]));
    state = step(state, at('00:00:01'), hello('v2', 2, []), bye('v1')).state;
    expect(state.entries.has('a')).toBe(true);
    state = step(state, at('00:00:02') + 86_400_000, hello('v2', 2, [])).state;
    expect(state.entries.has('a')).toBe(false);
  });

  it('outlive a worker that is killed by two of its words, and no longer', () => {
    let { state } = step(EMPTY_STATE, at('00:00:00'), hello('killed', 1, [a]), hello('new', 2, [b]));
    state = step(state, at('00:00:00') + 2 * HELLO_MS, hello('new', 2, [b])).state;
    expect(active(state)).toEqual(['a', 'b']);
    state = step(state, at('00:00:00') + 2 * HELLO_MS + 60_001, hello('new', 2, [b])).state;
    expect(active(state)).toEqual(['b']);
  });

  it('of one name for several tasks are told, while workers live that say so', () => {
    const other = stored({ name: 'a', task: 'billing.close', queue: 'billing' });
    const both = step(EMPTY_STATE, at('00:00:00'), hello('w1', 1, [a, b]), hello('w2', 2, [other], ['billing'])).state;
    expect(nameClashes(both)).toEqual([{ name: 'a', tasks: ['billing.close', 'reports.build'] }]);
    expect(nameClashes(step(both, at('00:00:01'), bye('w1')).state)).toEqual([]);
  });

  it('of two versions converge, whichever workers come, go and repeat themselves in between', () => {
    const versions = [
      [a, b],
      [b, stored({ name: 'c' })],
    ];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { maxLength: 30 }), (moves) => {
        let state = EMPTY_STATE;
        let now = at('00:00:00');
        // A process that comes back is another one.
        const incarnations = [0, 0, 0, 0, 0, 0];
        const idOf = (worker: number): string => `w${worker}.${incarnations[worker]}`;
        for (const [worker, comes] of moves) {
          now += 1_000;
          state = step(
            state,
            now,
            comes ? hello(idOf(worker), now, versions[worker % 2] ?? []) : bye(idOf(worker)),
          ).state;
          if (!comes) incarnations[worker] = (incarnations[worker] ?? 0) + 1;
        }
        const goodbyes = [0, 2, 4].map((worker) => bye(idOf(worker)));
        state = step(state, now + 1, hello(idOf(1), 1, versions[1] ?? []), ...goodbyes).state;
        expect([...active(state)].sort()).toEqual(['b', 'c']);
      }),
    );
  });
});

describe('changes while running', () => {
  const added = command({ kind: 'add', schedule: stored({ name: 'x' }) }, 'add');
  const answerOf = (state: ScheduleState, id = 'c') => state.answers.find((answer) => answer.id === id);

  it('are made once, though they come again', () => {
    const first = step(EMPTY_STATE, at('00:00:00'), added).state;
    expect(answerOf(first, 'add')).toEqual({ id: 'add', refusal: undefined });
    const again = step(first, at('00:00:01'), added).state;
    expect(again.answers).toEqual(first.answers);
    const other = step(first, at('00:00:01'), command({ kind: 'add', schedule: stored({ name: 'x' }) })).state;
    expect(answerOf(other)?.refusal).toBe('exists');
  });

  it.each([
    ['remove', 'nothing', 'unknown'],
    ['pause', 'nothing', 'unknown'],
    ['trigger', 'nothing', 'unknown'],
    ['remove', 'coded', 'in-code'],
    ['replace', 'coded', 'in-code'],
    ['add', 'coded', 'exists'],
    ['pause', 'coded', undefined],
    ['remove', 'x', undefined],
  ])('%s of %p is answered with %p', (kind, name, refusal) => {
    const coded = hello('w', 1, [stored({ name: 'coded' })]);
    const { state } = step(
      EMPTY_STATE,
      at('00:00:00'),
      coded,
      added,
      command({ kind, name, taskId: 't', schedule: stored({ name }) }),
    );
    expect(answerOf(state)).toEqual({ id: 'c', refusal });
  });

  it('pause it through new versions, and what passes meanwhile is not missed', () => {
    const coded = (body: string, startedAt: number) =>
      hello(`w${startedAt}`, startedAt, [stored({ name: 'coded', body })]);
    let { state } = step(EMPTY_STATE, at('00:00:00'), coded('1', 1), command({ kind: 'pause', name: 'coded' }));
    state = step(state, at('00:05:00'), coded('2', 2)).state;
    expect(step(state, at('00:06:00')).ticks).toEqual([]);
    state = step(state, at('00:06:30'), command({ kind: 'resume', name: 'coded' }, 'r')).state;
    expect(step(state, at('00:07:00')).ticks.map(({ id }) => id)).toEqual(['coded@2026-01-01T00:07:00.000Z']);
  });

  it('trigger one run beside its times', () => {
    const trigger = command({ kind: 'trigger', name: 'x', taskId: 'x@now' });
    const { ticks, state } = step(EMPTY_STATE, at('00:00:10'), added, trigger);
    expect(ticks.map(({ id, command: by }) => [id, by])).toEqual([['x@now', 'c']]);
    expect(nextDueAt(state, new Set())).toBe(at('00:01:00'));
  });

  it('are refused when all of them would not fit into one message', () => {
    const large = (name: string) =>
      command({ kind: 'add', schedule: stored({ name, body: JSON.stringify('x'.repeat(1_500_000)) }) }, name);
    const { state } = step(EMPTY_STATE, at('00:00:00'), large('a'), large('b'), large('c'));
    expect(state.answers.map(({ refusal }) => refusal)).toEqual([undefined, undefined, 'full']);
    expect(active(state)).toEqual(['a', 'b']);
  });

  it('by code take the place of one of the same name', () => {
    const { state } = step(EMPTY_STATE, at('00:00:00'), added, hello('w', 1, [stored({ name: 'x', body: '"code"' })]));
    expect(state.entries.get('x')).toMatchObject({ origin: 'code', schedule: { body: '"code"' } });
  });
});

describe('what a leader does', () => {
  const add = command(
    { kind: 'add', schedule: stored({ name: 'x', rule: { kind: 'every', everyMs: 10_000 } }) },
    'add',
  );
  const { state } = step(EMPTY_STATE, at('00:00:00'), add);

  it('are no ticks while it is not sure of its place', () => {
    const decision = decide(state, { ...NOTHING, now: at('00:00:10'), mayTick: false });
    expect(decision).toEqual({ state, ticks: [], skipped: [] });
  });

  it('leaves schedules alone that rest', () => {
    const resting = new Set(['x']);
    expect(decide(state, { ...NOTHING, now: at('00:00:10'), resting }).ticks).toEqual([]);
    expect(nextDueAt(state, resting)).toBe(Number.POSITIVE_INFINITY);
  });

  it('goes no further than before the first tick that failed, and makes that again', () => {
    const decision = step(state, at('00:00:30'));
    expect(decision.ticks).toHaveLength(3);
    const reached = asCarriedOut(state, decision, new Set(['x@2026-01-01T00:00:20.000Z']));
    expect(reached.entries.get('x')).toMatchObject({ lastTick: at('00:00:10'), position: at('00:00:20') - 1 });
    expect(step(reached, at('00:00:30')).ticks.map(({ at: tick }) => tick)).toEqual([at('00:00:20'), at('00:00:30')]);
  });

  it('tells whoever asked for a run that could not be enqueued', () => {
    const decision = step(state, at('00:00:01'), command({ kind: 'trigger', name: 'x', taskId: 't' }));
    const reached = asCarriedOut(state, decision, new Set(['t']));
    expect(reached.answers.at(-1)).toEqual({ id: 'c', refusal: 'not-enqueued' });
  });

  it('is the same for two leaders, whenever they look: each tick once, with the same id', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 25_000 }), { minLength: 1, maxLength: 40 }), (pauses) => {
        let now = at('00:00:00');
        let known = state;
        const ids: string[] = [];
        for (const pause of pauses) {
          now += pause;
          const decision = step(known, now);
          known = decision.state;
          ids.push(...decision.ticks.map(({ id }) => id));
        }
        const expected = Math.floor((now - at('00:00:00')) / 10_000);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).toHaveLength(expected);
      }),
    );
  });
});
