import fc from 'fast-check';
import type { Delivery } from '../../../../src/broker/broker';
import type { MessageHeaders } from '../../../../src/message/wire';
import { nextStep, soloTerms } from '../../../../src/worker/crash-loops/suspect-steps';
import { MAX_ACQUITTALS } from '../../../../src/worker/crash-loops/suspects';
import type { TrialStage } from '../../../../src/worker/crash-loops/trial-marks';
import { incomingMessage } from '../../support/incoming-message';

const delivered = (deliveryCount: number, headers?: MessageHeaders): Delivery => ({
  ...incomingMessage({ headers }),
  queue: 'emails',
  deliveryCount,
  live: true,
  overdue: false,
  ack: () => true,
  requeue: () => true,
  reject: () => true,
});

describe('a suspect, with three deaths allowed and two before,', () => {
  const suspect = (deliveryCount: number, acquittals = 0, crashes = 2): Delivery =>
    delivered(deliveryCount, { 'warren-crashes': crashes, 'warren-acquittals': acquittals });
  const run = (unlessUnmarked: boolean) => ({ kind: 'run', unlessUnmarked });
  const renew = (acquittals: number, crashes = 2) => ({ kind: 'renew', crashes, acquittals });
  const judge = (acquittals: number) => ({ kind: 'judge', crashes: 3, acquittals });

  it.each<[string, Delivery, TrialStage, unknown]>([
    ['runs when it comes', suspect(0), 'waiting', run(false)],
    ['runs after a death before it had begun', suspect(1), 'waiting', run(true)],
    ['runs after nine of them', suspect(9), 'waiting', run(true)],
    ['gets a fresh copy after ten of them, far below the limit of the broker', suspect(10), 'waiting', renew(0)],
    ['gets a fresh copy at the limit of the broker, too', suspect(19), 'waiting', renew(0)],
    ['is judged after a death in its run', suspect(1), 'begun', judge(0)],
    ['is judged after a death in its run, however many came before it', suspect(9), 'begun', judge(0)],
    ['gets another run when a worker dies that waits for the verdict', suspect(2), 'judged', renew(1)],
    ['gets another run when a verdict waits through ten deaths', suspect(10), 'begun', renew(1)],
    ['is judged without delay after ten acquittals', suspect(2, MAX_ACQUITTALS), 'judged', judge(MAX_ACQUITTALS)],
    ['is judged after ten acquittals, however many were counted', suspect(19, MAX_ACQUITTALS), 'begun', judge(10)],
    ['gets another run after a death beside other tasks', suspect(1), 'beside', renew(1)],
    ['keeps the deaths that are known when it dies beside others', suspect(1, 0, 1), 'beside', renew(1, 1)],
    ['gets a fresh copy after a death beside others, however many came before', suspect(19, 9), 'beside', renew(10)],
    ['is judged after ten acquittals though others ran', suspect(1, MAX_ACQUITTALS), 'beside', judge(MAX_ACQUITTALS)],
    ['runs again while fewer deaths than allowed are known', suspect(1, 0, 1), 'begun', renew(0, 2)],
  ])('%s', (_, delivery, stage, step) => {
    expect(nextStep(delivery, stage, 3)).toEqual(step);
  });

  it('a culprit ends maxCrashes and ten processes at most, whatever else dies and runs beside it', () => {
    const run = fc.tuple(fc.integer({ min: 1, max: 19 }), fc.constantFrom<TrialStage>('judged', 'beside'));
    const runs = fc.array(run, { minLength: 12, maxLength: 30 });
    fc.assert(
      fc.property(runs, fc.integer({ min: 2, max: 15 }), (deathsInRuns, maxCrashes) => {
        let [crashes, acquittals, deaths] = [maxCrashes - 1, 0, maxCrashes - 1];
        for (const [count, stage] of deathsInRuns) {
          deaths++;
          const step = nextStep(suspect(count, acquittals, crashes), stage, maxCrashes);
          if (step.kind !== 'renew') break;
          ({ crashes, acquittals } = step);
        }
        expect(deaths).toBe(maxCrashes + MAX_ACQUITTALS);
      }),
    );
  });

  it('never counts a death beside other tasks before ten of them', () => {
    const known = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(known, fc.nat(19), fc.nat(MAX_ACQUITTALS - 1), fc.integer({ min: 2, max: 20 }), (before, ...rest) => {
        const [count, acquittals, maxCrashes] = rest;
        const step = nextStep(suspect(count, acquittals, before), 'beside', maxCrashes);
        expect(step).toEqual({ kind: 'renew', crashes: before, acquittals: acquittals + 1 });
      }),
    );
  });

  it.each([
    [0, { waitMs: 0, holdMs: 5_000 }],
    [1, { waitMs: 5_000, holdMs: 10_000 }],
    [2, { waitMs: 10_000, holdMs: 20_000 }],
    [3, { waitMs: 20_000, holdMs: 40_000 }],
    [10, { waitMs: 20_000, holdMs: 40_000 }],
  ])('other tasks wait for it, after %d acquittals, no longer than a minute in all', (acquittals, terms) => {
    expect(soloTerms(suspect(0, acquittals))).toEqual(terms);
  });
});
