import { SETTINGS } from '../settings';
import { type Section, type Step, scaled } from './section';

const MESSAGES = 100_000;
/** Enough to tell a rate. */
const HOPS = 50_000;
/** A hop waits for the broker's disk: a slow one makes it slow. */
const TIMEOUT_MS = 600_000;

/** Tasks that fail once and come back after a second, and how fast the broker lets messages hop at all. */
export const retries: Section = {
  name: 'retries',
  title: 'Retries',
  plan: (extent) => {
    const messages = scaled(MESSAGES, extent);
    const hops = scaled(HOPS, extent);
    const rounds = Array.from({ length: extent.rounds }, (_, index) => index + 1);
    return rounds.flatMap((round) => [measureRetries(messages, round), measureHops(hops, round)]);
  },
};

const contender = 'warren';

function measureRetries(messages: number, round: number): Step {
  return {
    contender,
    round,
    label: `${messages} tasks that fail once`,
    run: (tools) =>
      tools.withTarget({ contender }, async (target) => {
        const { payloadBytes } = SETTINGS;
        await tools.measure({ kind: 'enqueue', contender, target, messages, warmUp: 0, payloadBytes });
        const figures = await tools.measure({ kind: 'retries', target, messages }, { timeoutMs: TIMEOUT_MS });
        return [{ work: 'retries', contender, round, figures }];
      }),
  };
}

function measureHops(messages: number, round: number): Step {
  return {
    contender,
    round,
    label: `${messages} hops of the delay ladder`,
    run: (tools) =>
      tools.withTarget({ contender }, async (target) => {
        const figures = await tools.measure({ kind: 'hops', target, messages }, { timeoutMs: TIMEOUT_MS });
        return [{ work: 'hops', contender, round, figures }];
      }),
  };
}
