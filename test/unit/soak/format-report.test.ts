import { FAULT_KINDS } from '../../soak/fault-plan';
import { brokenPromises, formatReport, type SoakReport } from '../../soak/format-report';
import type { Verdict } from '../../soak/verdict';

const VERDICT: Verdict = {
  sent: 200_000,
  confirmed: 200_000,
  rejections: 12,
  completed: 193_000,
  discarded: 3_000,
  deadLettered: 4_000,
  queued: 0,
  held: {},
  foreign: 0,
  lost: [],
  unexpected: [],
  duplicates: {
    copies: 3,
    distribution: { 2: 1, 3: 1 },
    workers: { 'worker-1': { copies: 3, lostDeliveries: 80 } },
    doubtfulPublishes: 5,
    unexplained: 0,
  },
  hotLoops: [],
};
const KEPT: SoakReport = {
  seed: 7,
  broker: '4.3.6',
  minutes: 5,
  faults: 1,
  verdict: VERDICT,
  recoveries: [{ kind: 'reset', faults: 1, p50Ms: 12.4, p99Ms: 1_982, maxMs: 1_982, never: 0 }],
  unsettled: [],
  unexpectedEnds: [],
  crashes: 2,
  slowestStopMs: 3_019,
};
const withVerdict = (part: Partial<Verdict>): SoakReport => ({ ...KEPT, verdict: { ...VERDICT, ...part } });

describe('the report', () => {
  it('shows counts, duplicates and recovery in columns', () => {
    expect(formatReport(KEPT).split('\n')).toEqual(
      expect.arrayContaining([
        'RabbitMQ 4.3.6, 5 min, 1 faults, seed 7',
        'confirmed            200,000',
        'lost                 0',
        'slowest SIGTERM      3,019 ms',
        'duplicates                3   1 tasks 2 times, 1 tasks 3 times',
        '  first run by worker-1   3   80 at most by what it lost',
        'reset            1        12       1,982    1,982',
        'Every promise was kept.',
      ]),
    );
  });

  it('names the kinds of faults that a run was too short for', () => {
    expect(formatReport(KEPT)).toContain('Too short for: worker killed, worker terminated,');
    const all = FAULT_KINDS.map((kind) => ({ kind, faults: 1, p50Ms: 1, p99Ms: 1, maxMs: 1, never: 0 }));
    expect(formatReport({ ...KEPT, recoveries: all })).not.toContain('Too short');
  });
});

describe('a broken promise', () => {
  it.each<[string, SoakReport, string]>([
    ['a lost task', withVerdict({ lost: [4_711] }), 'lost: task 4711'],
    ['a task that is never confirmed', withVerdict({ confirmed: 199_999 }), '1 tasks were never confirmed'],
    ['a wait in vain', { ...KEPT, unsettled: ['tasks did not end: 7'] }, 'not settled: tasks did not end: 7'],
    ['a task that ends elsewhere', withVerdict({ unexpected: [{ index: 1, what: 'x' }] }), 'unexpected: task 1 x'],
    ['a process that ends by itself', { ...KEPT, unexpectedEnds: ['worker-1'] }, 'a process ended by itself: worker-1'],
    [
      'a hot loop',
      withVerdict({ hotLoops: [{ index: 1, begins: 20, allowed: 6 }] }),
      'hot loop: task 1 began 20 times in a second, 6 at most',
    ],
    [
      'a duplicate without a reason',
      withVerdict({ duplicates: { ...VERDICT.duplicates, unexplained: 1 } }),
      '1 duplicates more than the losses explain',
    ],
    [
      'a worker that does not recover',
      { ...KEPT, recoveries: [{ kind: 'reset', faults: 1, p50Ms: 1, p99Ms: 1, maxMs: 1, never: 2 }] },
      '2 times a worker completed nothing more after: reset',
    ],
  ])('is %s', (_, report, words) => {
    expect(brokenPromises(KEPT)).toEqual([]);
    expect(brokenPromises(report)).toEqual([words]);
    expect(formatReport(report)).toContain(words);
  });

  it('names what the broker holds back only where a task is missing: else they are copies', () => {
    expect(brokenPromises(withVerdict({ held: { soak: 2 } }))).toEqual([]);
    expect(brokenPromises(withVerdict({ held: { soak: 2 }, lost: [1] }))).toEqual([
      'lost: task 1',
      '2 messages are held in soak',
    ]);
  });

  it('is shown ten times, and then counted', () => {
    const lost = Array.from({ length: 25 }, (_, index) => index);
    expect(brokenPromises(withVerdict({ lost })).slice(9)).toEqual(['lost: task 9', '… and 15 more like it']);
  });
});
