import { Counter, Family, Histogram, MAX_SERIES } from '../../../src/telemetry/metrics/series';

it('keeps one series for equal labels', () => {
  const family = new Family(() => new Counter());
  family.with('emails', 'send').add();
  family.with('emails', 'send').add(2);
  family.with('emailssend', '').add();
  expect([...family.entries()].map(({ labels, series }) => [labels, series.value])).toEqual([
    [['emails', 'send'], 3],
    [['emailssend', ''], 1],
  ]);
});

it('counts together what goes beyond the bound', () => {
  const family = new Family(() => new Counter());
  for (let index = 0; index < 2 * MAX_SERIES; index++) family.with('emails', `task-${index}`).add();
  const entries = [...family.entries()];
  expect(entries).toHaveLength(MAX_SERIES + 1);
  expect(entries.at(-1)).toMatchObject({ labels: ['other', 'other'], series: { value: MAX_SERIES } });
});

it('puts a value into the first bucket that it is not above, and tells whoever observes', () => {
  const seen: number[] = [];
  const histogram = new Histogram([0.1, 1], (value) => seen.push(value));
  for (const value of [0, 0.1, 0.5, 1, 7]) histogram.observe(value);
  expect(histogram.counts).toEqual([2, 2, 1]);
  expect([histogram.sum, histogram.count]).toEqual([8.6, 5]);
  expect(seen).toEqual([0, 0.1, 0.5, 1, 7]);
});
