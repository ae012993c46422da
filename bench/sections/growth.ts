import type { ContenderName } from '../contenders';
import type { Sample } from '../results/sample';
import { SETTINGS, warmUpFor } from '../settings';
import { type Extent, interleaved, type Section, type SectionName, type Step, scaled, type Tools } from './section';

/** What is sent and drained at one value of what grows. */
export interface Point {
  /** The value, in the unit of its axis; `messages`: their number is what grows. */
  readonly at: number | 'messages';
  readonly messages: number;
  readonly concurrency: number;
  readonly queues: number;
  readonly payloadBytes: number;
  readonly handlerMs: number;
}

const POINT: Point = {
  at: 0,
  messages: 30_000,
  concurrency: SETTINGS.concurrency,
  queues: 1,
  payloadBytes: SETTINGS.payloadBytes,
  handlerMs: 0,
};

const COMPARED: readonly ContenderName[] = ['warren', 'amqplib'];
/** Growth is a shape, not a comparison: three rounds show it. */
const MOST_ROUNDS = 3;
/** A million messages take their time on a slow machine. */
const TIMEOUT_MS = 600_000;

const pointsOf = (points: readonly (Partial<Point> & Pick<Point, 'at'>)[]): readonly Point[] =>
  points.map((point) => ({ ...POINT, ...point }));

export const memory = growth('memory', 'A million tasks', pointsOf([{ at: 'messages', messages: 1_000_000 }]), 1);

export const backlog = growth(
  'backlog',
  'Backlog',
  pointsOf([1_000, 10_000, 100_000].map((messages) => ({ at: 'messages' as const, messages }))),
);

export const concurrency = growth(
  'concurrency',
  'Concurrency',
  pointsOf([
    { at: 1, concurrency: 1, messages: 3_000 },
    { at: 10, concurrency: 10, messages: 20_000 },
    { at: 100, concurrency: 100 },
    { at: 1_000, concurrency: 1_000 },
  ]),
);

export const queues = growth('queues', 'Queues', pointsOf([1, 10, 50, 200].map((at) => ({ at, queues: at }))));

export const payload = growth(
  'payload',
  'Payload',
  pointsOf(
    [
      { at: 100, messages: 20_000 },
      { at: 1_000, messages: 20_000 },
      { at: 10_000, messages: 10_000 },
      { at: 100_000, messages: 1_500 },
      { at: 1_000_000, messages: 200 },
    ].map((point) => ({ ...point, payloadBytes: point.at })),
  ),
);

export const handlers = growth(
  'handlers',
  'Handlers that take time',
  pointsOf(
    [{ at: 0 }, { at: 1 }, { at: 10, messages: 20_000 }, { at: 100, messages: 4_000 }].map((point) => ({
      ...point,
      handlerMs: point.at,
    })),
  ),
);

/** Sends and drains at each value in turn. */
function growth(name: SectionName, title: string, points: readonly Point[], mostRounds = MOST_ROUNDS): Section {
  return {
    name,
    title,
    plan: (extent) =>
      interleaved(Math.min(mostRounds, extent.rounds), points, COMPARED, (point, contender, round) =>
        measurePoint(extent, point, contender, round),
      ),
  };
}

function measurePoint(extent: Extent, point: Point, contender: ContenderName, round: number): Step {
  const { concurrency, payloadBytes, handlerMs } = point;
  const messages = scaled(point.messages, extent);
  const at = point.at === 'messages' ? messages : point.at;
  const run = (tools: Tools): Promise<readonly Sample[]> =>
    tools.withTarget({ contender, queues: point.queues }, async (target) => {
      const job = { contender, target, messages, warmUp: warmUpFor(messages) };
      const bounds = { timeoutMs: TIMEOUT_MS };
      const sent = await tools.measure({ kind: 'enqueue', ...job, payloadBytes }, bounds);
      const handled = await tools.measure({ kind: 'consume', ...job, concurrency, handlerMs }, bounds);
      return [
        { work: 'enqueue', contender, round, at, figures: sent },
        { work: 'consume', contender, round, at, figures: handled },
      ];
    });
  return { contender, round, at, label: `at ${at.toLocaleString('en')}`, run };
}
