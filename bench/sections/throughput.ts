import { type ContenderName, OBSERVED } from '../contenders';
import type { Sample } from '../results/sample';
import { SETTINGS, warmUpFor } from '../settings';
import { interleaved, type Section, type SectionName, type Step, scaled, type Tools } from './section';

interface Amounts {
  readonly short: number;
  readonly full: number;
  readonly warmUpFor: (messages: number) => number;
}

const USUAL: Amounts = { short: 20_000, full: 100_000, warmUpFor };
/** What is done for one message in a hundred is compiled, as in a worker that has run for a while, only after many. */
const LONG: Amounts = { short: 100_000, full: 300_000, warmUpFor: (messages) => Math.ceil(messages / 3) };
/** Those whose documentation has a call that sends many. */
const SENDS_MANY: readonly ContenderName[] = ['warren', 'bullmq'];

export const throughput = throughputOf('throughput', 'Enqueue and consume', USUAL, (name) => !OBSERVED.includes(name));

/** What traces and metrics cost. */
export const telemetry = throughputOf(
  'telemetry',
  'Telemetry',
  LONG,
  (name) => name === 'warren' || OBSERVED.includes(name),
);

/** Sends messages, then drains them; and sends many at once into a queue of their own. */
function throughputOf(
  name: SectionName,
  title: string,
  amounts: Amounts,
  isMeasured: (contender: ContenderName) => boolean,
): Section {
  return {
    name,
    title,
    plan: (extent) => {
      const messages = scaled(extent.isFull ? amounts.full : amounts.short, extent);
      const counts = { messages, warmUp: amounts.warmUpFor(messages) };
      return interleaved(extent.rounds, [counts], extent.contenders.filter(isMeasured), measureThroughput);
    },
  };
}

function measureThroughput(counts: Counts, contender: ContenderName, round: number): Step {
  const run = async (tools: Tools): Promise<readonly Sample[]> => [
    ...(await sendThenDrain(tools, contender, round, counts)),
    ...(SENDS_MANY.includes(contender) ? [await sendMany(tools, contender, round, counts)] : []),
  ];
  return { contender, round, label: `${counts.messages} messages`, run };
}

interface Counts {
  readonly messages: number;
  readonly warmUp: number;
}

function sendThenDrain(tools: Tools, contender: ContenderName, round: number, counts: Counts) {
  return tools.withTarget({ contender }, async (target): Promise<readonly Sample[]> => {
    const job = { contender, target, ...counts };
    const sent = await tools.measure({ kind: 'enqueue', ...job, payloadBytes: SETTINGS.payloadBytes });
    const { concurrency } = SETTINGS;
    const handled = await tools.measure({ kind: 'consume', ...job, concurrency, handlerMs: 0 });
    return [
      { work: 'enqueue', contender, round, figures: sent },
      { work: 'consume', contender, round, figures: handled },
    ];
  });
}

function sendMany(tools: Tools, contender: ContenderName, round: number, counts: Counts): Promise<Sample> {
  const left = counts.messages + counts.warmUp;
  return tools.withTarget({ contender, left }, async (target) => {
    const figures = await tools.measure({ kind: 'enqueueMany', contender, target, ...counts });
    return { work: 'enqueueMany', contender, round, figures };
  });
}
