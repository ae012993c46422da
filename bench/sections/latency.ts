import type { ContenderName } from '../contenders';
import { deferred } from '../jobs/deferred';
import type { Figures, Sample } from '../results/sample';
import { SETTINGS, warmUpFor } from '../settings';
import { spreadOf } from '../statistics';
import { interleaved, type Section, type Step, scaled, type Tools } from './section';

const SECONDS = { short: 3, full: 8 };
const WARM_UP_SECONDS = 2;
/** Enough for the sender, which is ahead, to be busy for most of the time. */
const SATURATING_MESSAGES = 40_000;
const COMPARED: readonly ContenderName[] = ['warren', 'amqplib'];

/**
 * One process sends at an even rate, another receives. The rate is half of what the hand-written pair passes through,
 * from the first message to the last, when it sends without a pause; the same for everybody. Each round looks at that
 * again, since the machine is not the same each minute.
 */
export const latency: Section = {
  name: 'latency',
  title: 'From enqueue to start',
  plan: (extent) => {
    const saturated: number[] = [];
    const seconds = (extent.isFull ? SECONDS.full : SECONDS.short) * Math.min(1, extent.scale);
    const messages = scaled(SATURATING_MESSAGES, extent);
    const steps = interleaved(extent.rounds, [seconds], COMPARED, (value, contender, round) =>
      measureAtHalf(value, contender, round, saturated),
    );
    return steps.flatMap((step) =>
      step.contender === COMPARED[0] ? [saturate(messages, step.round, saturated), step] : [step],
    );
  },
};

function saturate(messages: number, round: number, found: number[]): Step {
  const contender = 'amqplib';
  const run = async (tools: Tools): Promise<readonly Sample[]> => {
    const figures = await passThrough(tools, contender, messages, Math.ceil(warmUpFor(messages) / 2), undefined);
    if (figures.perSecond !== undefined) found.push(figures.perSecond);
    return [{ work: 'saturated', contender, round, figures }];
  };
  return { contender, round, label: 'the saturated rate', run };
}

function measureAtHalf(seconds: number, contender: ContenderName, round: number, saturated: readonly number[]): Step {
  const run = async (tools: Tools): Promise<readonly Sample[]> => {
    if (saturated.length === 0) throw new Error('the saturated rate is not known');
    const perSecond = Math.round(spreadOf(saturated).median / 2);
    const warmUp = Math.round(perSecond * WARM_UP_SECONDS);
    const figures = await passThrough(tools, contender, Math.round(perSecond * seconds), warmUp, perSecond);
    return [{ work: 'latency', contender, round, figures }];
  };
  return { contender, round, label: 'half of it', run };
}

function passThrough(
  tools: Tools,
  contender: ContenderName,
  messages: number,
  warmUp: number,
  perSecond: number | undefined,
): Promise<Figures> {
  return tools.withTarget({ contender }, async (target) => {
    const job = { contender, target, messages };
    // Makes the queue, which a receiver needs.
    await tools.measure({
      kind: 'enqueue',
      contender,
      target,
      messages: 1,
      warmUp: 0,
      payloadBytes: SETTINGS.payloadBytes,
    });
    const receives = deferred<void>();
    const received = tools.measure({ kind: 'latency', ...job, warmUp: warmUp + 1 }, { onReceives: receives.resolve });
    const sent = receives.promise.then(() => tools.measure({ kind: 'pace', ...job, warmUp, perSecond }));
    // A receiver that fails before it receives ends this, too.
    const [figures] = await Promise.all([received, sent]);
    return figures;
  });
}
