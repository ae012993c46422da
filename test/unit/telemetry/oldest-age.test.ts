import { oldestAgeMs, type QueueSight } from '../../../src/telemetry/metrics/oldest-age';
import { QueueWatch } from '../../../src/telemetry/metrics/queue-watch';

const sight: QueueSight = { ready: 3, lastStartedReadyAt: undefined, lastEmptyAt: undefined, watchedSince: 1_000 };

it.each<[string, Partial<QueueSight>, number]>([
  ['nothing waits', { ready: 0, lastStartedReadyAt: 2_000 }, 0],
  ['nothing is known but since when it is looked at', {}, 9_000],
  ['the last started task tells', { lastStartedReadyAt: 4_000 }, 6_000],
  ['it was empty after that', { lastStartedReadyAt: 4_000, lastEmptyAt: 7_000 }, 3_000],
  ['a task was started after it was empty', { lastStartedReadyAt: 8_000, lastEmptyAt: 7_000 }, 2_000],
  ['the last one waited since before it was looked at', { lastStartedReadyAt: 500 }, 9_500],
  ['a clock of another machine is ahead', { lastStartedReadyAt: 11_000 }, 0],
])('%s', (_label, known, age) => {
  expect(oldestAgeMs({ ...sight, ...known }, 10_000)).toBe(age);
});

describe('the watch', () => {
  function watchOf(ready: () => number) {
    let now = 1_000;
    const asked: string[] = [];
    const watch = new QueueWatch({
      queues: ['emails'],
      now: () => now,
      stateOf: async (queue) => {
        asked.push(queue);
        return { ready: ready(), consumers: 1 };
      },
    });
    const ageAt = async (instant: number) => {
      now = instant;
      return (await watch.read()).queues[0]?.oldestAgeMs;
    };
    return { watch, asked, ageAt };
  }

  it('asks the broker no more often than every five seconds, however many scrape', async () => {
    const { asked, ageAt } = watchOf(() => 1);
    await Promise.all([ageAt(2_000), ageAt(2_000), ageAt(6_999)]);
    expect(asked).toEqual(['warren.delay.unrouted', 'emails', 'emails.dead']);
    await ageAt(7_000);
    expect(asked).toHaveLength(6);
  });

  it('remembers when a queue was empty, and what was started last', async () => {
    let ready = 0;
    const { watch, ageAt } = watchOf(() => ready);
    expect(await ageAt(10_000)).toBe(0);
    ready = 5;
    expect(await ageAt(20_000)).toBe(10_000);
    watch.started('emails', 18_000);
    expect(await ageAt(30_000)).toBe(12_000);
  });

  it('says nothing of a queue while the connection is away', async () => {
    const watch = new QueueWatch({
      queues: ['emails'],
      now: () => 0,
      stateOf: async () => Promise.reject(new Error()),
    });
    expect(await watch.read()).toEqual({
      queues: [{ queue: 'emails', state: undefined, dead: undefined, oldestAgeMs: undefined }],
      unrouted: undefined,
    });
  });
});
