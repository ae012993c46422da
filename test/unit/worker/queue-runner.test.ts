import type { Broker, Delivery, SubscribeOptions } from '../../../src/broker/broker';
import { INTERRUPTED } from '../../../src/settlement/outcome';
import type { QueueDefinition } from '../../../src/task/definition';
import type { SoloTerms } from '../../../src/worker/crash-loops/solo-runs';
import type { TrialStage } from '../../../src/worker/crash-loops/trial-marks';
import { QueueRunner, type QueueRunnerParts } from '../../../src/worker/queue-runner';
import { incomingMessage } from '../support/incoming-message';

const EMAILS = {
  name: 'emails',
  type: 'quorum',
  concurrency: 1,
  prefetch: 2,
  maxCrashes: 3,
} as QueueDefinition;

interface Bench {
  readonly stage?: TrialStage;
  readonly isRunning?: boolean;
  readonly isMarkable?: boolean;
  readonly survived?: boolean | undefined;
  readonly outcome?: string;
  /** Whether only the broker knows if a task has expired. */
  readonly isToAsk?: boolean;
  /** Whether no other task runs beside a suspect; `undefined`: the worker stops. */
  readonly isAlone?: boolean | undefined;
}

/** A worker whose tasks never end, and whose verdicts are `survived`. */
async function bench({ stage = 'waiting', isRunning = false, isMarkable = true, outcome, ...given }: Bench = {}) {
  let held: Promise<void> | undefined;
  const hold = (until: Promise<void> | undefined): void => {
    held = until;
  };
  let beginOthers = async (): Promise<unknown> => undefined;
  const { isToAsk = false } = given;
  const isAlone = 'isAlone' in given ? given.isAlone : true;
  const handlers = new Map<string, (delivery: Delivery) => void>();
  const done: string[] = [];
  const broker = {
    subscribe: async ({ queue, onDelivery }: SubscribeOptions) => {
      handlers.set(queue, onDelivery);
      return { cancel: async () => undefined, close: async () => undefined };
    },
  } as unknown as Broker;
  const isolate = jest.fn(async () => void done.push('isolate'));
  const parts = {
    processor: {
      withoutRunning: (_: unknown, outcome: unknown) => ({ outcome }),
      process: () => {
        done.push('run');
        if (outcome === 'a bug') throw new Error(outcome);
        if (outcome !== undefined) return { outcome: { kind: outcome } };
        return new Promise(() => undefined);
      },
    },
    settler: { askBroker: async () => void done.push('ask'), isolate, settle: async () => void done.push('settle') },
    alibis: {
      watch: async () => () => undefined,
      isRunning: async () => isRunning,
      survived: () => {
        done.push('judge');
        return 'survived' in given ? Promise.resolve(given.survived) : new Promise(() => undefined);
      },
    },
    marks: {
      stageOf: async () => stage,
      set: async (_: unknown, mark: string) => {
        done.push(`mark ${mark}`);
        return isMarkable;
      },
      remove: async (_: unknown, mark: string) => void done.push(`unmark ${mark}`),
    },
    soloRuns: {
      get held() {
        return held;
      },
      begin: async ({ waitMs }: SoloTerms, beforeOthers: () => Promise<unknown>) => {
        beginOthers = beforeOthers;
        if (waitMs > 0) done.push('wait for others');
        return isAlone === undefined ? undefined : { isAlone, end: () => done.push('free') };
      },
    },
    endedAttempts: { take: () => undefined },
    skew: { observe: () => undefined, isToAsk: () => isToAsk },
    overruns: { keeping: () => 0, settle: () => undefined },
    calm: () => undefined,
    longestUnsettledMs: () => 0,
  } as unknown as QueueRunnerParts;
  const consumers = new QueueRunner(EMAILS, parts).consumers(broker);
  await Promise.all(consumers.map((each) => each.start()));
  const deliver = async (queue: string, deliveryCount: number, acquittals = 0): Promise<void> => {
    const headers = { 'warren-crashes': 2, 'warren-acquittals': acquittals };
    const settled = {
      ack: () => true,
      requeue: () => done.push('requeue') > 0,
      reject: () => done.push('reject') > 0,
    };
    const delivery = { ...incomingMessage({ headers }), queue, deliveryCount, live: true, ...settled };
    handlers.get(queue)?.(delivery as unknown as Delivery);
    await new Promise(setImmediate);
  };
  return { deliver, done, isolate, home: consumers[0], hold, beginOthers: () => beginOthers() };
}

it('isolates a message on receipt, though every slot is taken, and keeps the others waiting', async () => {
  const { deliver, done, home } = await bench();
  await deliver('emails', 0);
  await deliver('emails', 1);
  await deliver('emails', 2);
  expect(done).toEqual(['run', 'isolate']);
  expect(home?.running).toBe(1);
});

it.each<[string, Bench, number, string[]]>([
  ['marks a run before it begins', {}, 0, ['mark begun', 'run']],
  ['runs a suspect again whose worker died before it had begun', {}, 1, ['mark begun', 'run']],
  [
    'counts every death where no mark is permitted',
    { isMarkable: false },
    1,
    ['mark begun', 'free', 'mark judged', 'judge'],
  ],
  ['marks that other tasks run beside it', { isAlone: false }, 0, ['mark beside', 'run']],
  [
    'removes that mark after the run',
    { isAlone: false, outcome: 'completed' },
    0,
    ['mark beside', 'run', 'settle', 'unmark beside', 'free'],
  ],
  ['gives another run after a death beside other tasks', { stage: 'beside' }, 1, ['isolate']],
  [
    'waits while the process that ran it beside others is alive',
    { stage: 'beside', isRunning: true, survived: false },
    1,
    ['judge', 'isolate'],
  ],
  [
    'gives it back when the worker stops meanwhile',
    { stage: 'beside', isRunning: true, survived: undefined },
    1,
    ['judge', 'requeue'],
  ],
  ['gives it back when the worker stops while it waits for others', { isAlone: undefined }, 0, ['requeue']],
  ['runs a suspect for the first time without a mark', { isMarkable: false }, 0, ['mark begun', 'run']],
  [
    'acknowledges a success before anything else',
    { outcome: 'completed' },
    0,
    ['mark begun', 'run', 'settle', 'unmark begun', 'free'],
  ],
  [
    'lets other tasks begin again after a bug of its own',
    { outcome: 'a bug' },
    0,
    ['mark begun', 'run', 'free', 'reject'],
  ],
  [
    'takes what is given back for no death',
    { outcome: 'failed' },
    0,
    ['mark begun', 'run', 'unmark begun', 'free', 'settle'],
  ],
  ['judges a death in a run', { stage: 'begun' }, 1, ['mark judged', 'judge']],
  ['gives another run where a worker died that waited for the verdict', { stage: 'judged' }, 2, ['isolate']],
  ['waits on while the process of the run is alive', { stage: 'judged', isRunning: true }, 2, ['mark judged', 'judge']],
  ['publishes a copy afresh that was counted ten times', {}, 10, ['isolate']],
  ['dead-letters without a survivor', { stage: 'begun', survived: false }, 1, ['mark judged', 'judge', 'settle']],
  ['acquits where one survived', { stage: 'begun', survived: true }, 1, ['mark judged', 'judge', 'isolate']],
  [
    'takes a stop during the verdict for no death',
    { stage: 'begun', survived: undefined },
    1,
    ['mark judged', 'judge', 'unmark judged', 'requeue'],
  ],
])('%s', async (_, given, deliveryCount, steps) => {
  const { deliver, done } = await bench(given);
  await deliver('emails.suspects', deliveryCount);
  expect(done).toEqual(steps);
});

it('holds a verdict that was interrupted not against the suspect, and counts the acquittal', async () => {
  const { deliver, isolate } = await bench({ stage: 'judged' });
  await deliver('emails.suspects', 2, 4);
  expect(isolate).toHaveBeenCalledWith(
    expect.anything(),
    { outcome: INTERRUPTED },
    {
      kind: 'renew',
      crashes: 2,
      acquittals: 5,
    },
  );
});

it.each(['emails', 'emails.suspects'])(
  'asks the broker, and runs nothing, where a task of %s may have expired',
  async (queue) => {
    const { deliver, done } = await bench({ isToAsk: true });
    await deliver(queue, 0);
    expect(done).toEqual(['ask']);
  },
);

it('waits for other tasks after a death that was none', async () => {
  const { deliver, done } = await bench();
  await deliver('emails.suspects', 0, 1);
  expect(done).toEqual(['wait for others', 'mark begun', 'run']);
});

it('marks a run that began alone before another task begins beside it', async () => {
  const { deliver, done, beginOthers } = await bench();
  await deliver('emails.suspects', 0);
  await beginOthers();
  expect(done).toEqual(['mark begun', 'run', 'mark beside']);
});

it('begins no task of the home queue while a suspect runs alone, and isolates others meanwhile', async () => {
  const { deliver, done, hold } = await bench();
  let free = (): void => undefined;
  hold(
    new Promise((resolve) => {
      free = resolve;
    }),
  );
  await deliver('emails', 0);
  await deliver('emails', 2);
  expect(done).toEqual(['isolate']);
  hold(undefined);
  free();
  await new Promise(setImmediate);
  expect(done).toEqual(['isolate', 'run']);
});
