import fc from 'fast-check';
import type { Delivery } from '../../../../src/broker/broker';
import type { MessageHeaders } from '../../../../src/message/wire';
import { nextStep } from '../../../../src/worker/crash-loops/suspect-steps';
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
    ['runs again while fewer deaths than allowed are known', suspect(1, 0, 1), 'begun', renew(0, 2)],
  ])('%s', (_, delivery, stage, step) => {
    expect(nextStep(delivery, stage, 3)).toEqual(step);
  });

  it('a culprit ends maxCrashes and ten processes at most, though each of its verdicts is interrupted', () => {
    const counts = fc.integer({ min: 0, max: 19 });
    const interruptions = fc.array(counts, { minLength: 12, maxLength: 30 });
    fc.assert(
      fc.property(interruptions, fc.integer({ min: 2, max: 15 }), (countsBeforeVerdict, maxCrashes) => {
        let [crashes, acquittals, deaths] = [maxCrashes - 1, 0, maxCrashes - 1];
        for (const count of countsBeforeVerdict) {
          deaths++;
          const step = nextStep(suspect(Math.max(count, 1), acquittals, crashes), 'judged', maxCrashes);
          if (step.kind !== 'renew') break;
          ({ crashes, acquittals } = step);
        }
        expect(deaths).toBe(maxCrashes + MAX_ACQUITTALS);
      }),
    );
  });
});
