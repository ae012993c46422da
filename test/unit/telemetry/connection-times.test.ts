import type { ConnectionState } from '../../../src/broker/broker';
import { ConnectionTimes } from '../../../src/telemetry/metrics/connection-times';
import { MetricsModel } from '../../../src/telemetry/metrics/metrics-model';

function countOf(changes: readonly (readonly [at: number, state: ConnectionState])[], until: number) {
  let now = 0;
  const model = new MetricsModel();
  const times = new ConnectionTimes(model, () => now);
  for (const [at, state] of changes) {
    now = at;
    times.changed('warren:publish', state);
  }
  now = until;
  times.update();
  const value = (name: 'warren.connection.reconnects' | 'warren.connection.blocked_time') =>
    [...model.counter(name).entries()].reduce((sum, { series }) => sum + series.value, 0);
  return [value('warren.connection.reconnects'), value('warren.connection.blocked_time')];
}

it.each<[string, readonly (readonly [number, ConnectionState])[], readonly number[]]>([
  [
    'the first connection is no reconnect',
    [
      [0, 'connecting'],
      [10, 'connected'],
    ],
    [0, 0],
  ],
  [
    'attempts before the first one are none',
    [
      [0, 'connecting'],
      [5, 'connecting'],
      [10, 'connected'],
    ],
    [0, 0],
  ],
  [
    'one that is lost and comes back is one, however often it is tried',
    [
      [0, 'connected'],
      [10, 'connecting'],
      [20, 'connecting'],
      [30, 'connected'],
    ],
    [1, 0],
  ],
  [
    'an alarm that ends is no reconnect',
    [
      [0, 'connected'],
      [1_000, 'blocked'],
      [3_500, 'connected'],
    ],
    [0, 2.5],
  ],
  [
    'an alarm that goes on is counted until now',
    [
      [0, 'connected'],
      [1_000, 'blocked'],
    ],
    [0, 9],
  ],
  [
    'an alarm ends with its connection',
    [
      [0, 'connected'],
      [1_000, 'blocked'],
      [2_000, 'connecting'],
    ],
    [0, 1],
  ],
])('%s', (_label, changes, expected) => {
  expect(countOf(changes, 10_000)).toEqual(expected);
});

it('counts both of a connection from zero, and nothing of one that was never there', () => {
  const model = new MetricsModel();
  const times = new ConnectionTimes(model, () => 0);
  times.changed('warren:publish', 'connecting');
  const seen = () =>
    (['warren.connection.reconnects', 'warren.connection.blocked_time'] as const).map((name) =>
      [...model.counter(name).entries()].map(({ labels, series }) => [...labels, series.value]),
    );
  expect(seen()).toEqual([[], []]);
  times.changed('warren:publish', 'connected');
  expect(seen()).toEqual([[['warren:publish', 0]], [['warren:publish', 0]]]);
});
