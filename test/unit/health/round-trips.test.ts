import { RoundTrips } from '../../../src/health/round-trips';

/** A subject that is asked, and answers when it is told to. */
function subject() {
  const asked: { answer(): Promise<void>; fail(message: string): Promise<void> }[] = [];
  const ping = () =>
    new Promise<void>((resolve, reject) => {
      asked.push({
        answer: async () => resolve(),
        fail: async (message) => reject(new Error(message)),
      });
    });
  const trips = new RoundTrips();
  const key = {};
  return { asked, at: (now: number, since = 0) => trips.of(key, since, now, ping) };
}

it('asks once, and again when the answer is 8 s old', async () => {
  const { asked, at } = subject();
  expect(at(100)).toEqual({ pendingSince: 100, failure: undefined });
  expect(at(5_000)).toEqual({ pendingSince: 100, failure: undefined });
  await asked[0]?.answer();
  expect(at(8_099)).toEqual({ pendingSince: undefined, failure: undefined });
  expect(asked).toHaveLength(1);
  expect(at(8_100)).toEqual({ pendingSince: 8_100, failure: undefined });
  expect(asked).toHaveLength(2);
});

it('never has two questions of one subject on their way', () => {
  const { asked, at } = subject();
  for (const now of [0, 20_000, 40_000]) expect(at(now).pendingSince).toBe(0);
  expect(asked).toHaveLength(1);
});

it('keeps a bad answer until there is a better one, and asks for that a second later', async () => {
  const { asked, at } = subject();
  at(0);
  await asked[0]?.fail('no consumer');
  expect(at(999).failure).toBe('no consumer');
  expect(at(1_000)).toEqual({ pendingSince: 1_000, failure: 'no consumer' });
  expect(at(1_500)).toEqual({ pendingSince: 1_000, failure: 'no consumer' });
  await asked[1]?.answer();
  expect(at(1_600)).toEqual({ pendingSince: undefined, failure: undefined });
});

it('forgets what was asked of a connection that is no more', async () => {
  const { asked, at } = subject();
  at(0);
  expect(at(7_000, 6_000)).toEqual({ pendingSince: 7_000, failure: undefined });
  await asked[0]?.fail('the old one was lost');
  expect(at(7_100, 6_000)).toEqual({ pendingSince: 7_000, failure: undefined });
});
