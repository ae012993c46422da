import { connectBroker } from '../../../src/app/connect-broker';
import type { Broker } from '../../../src/broker/broker';
import { ConnectionFailedError, type ConnectionFailure } from '../../../src/errors/broker-errors';
import { ManualClock } from '../../../src/time/manual-clock';

/** A broker of which only the first connection is of interest. */
function brokerThat(connect: () => Promise<void>): Broker {
  return { connect } as Partial<Broker> as Broker;
}

const failure = (reason: ConnectionFailure = 'unreachable') =>
  new ConnectionFailedError('amqp://db:5672', reason, 'connect ECONNREFUSED');

function setUp(waitMs: number, failures: readonly Error[]) {
  const clock = new ManualClock();
  const told: Error[] = [];
  const left = [...failures];
  const state = { wanted: true, attempts: 0 };
  const connected = connectBroker(
    brokerThat(async () => {
      state.attempts++;
      const error = left.shift();
      if (error !== undefined) throw error;
    }),
    { waitMs, clock, random: () => 0.999, wanted: () => state.wanted, onWaiting: (error) => told.push(error) },
  );
  const ended = connected.then(
    () => 'connected',
    (error: Error) => error,
  );
  return { clock, told, state, ended };
}

it('fails at once unless it is told to wait', async () => {
  const { ended, told } = setUp(0, [failure()]);
  expect(await ended).toEqual(failure());
  expect(told).toEqual([]);
});

it('waits for a broker that cannot be reached, and tells of every attempt', async () => {
  const { clock, ended, told } = setUp(Number.POSITIVE_INFINITY, [
    failure(),
    failure('timeout'),
    failure('no-credentials'),
  ]);
  await clock.advance(6_000);
  expect(await ended).toBe('connected');
  expect(told).toHaveLength(3);
});

it('gives up when its time is over', async () => {
  const { clock, ended, state } = setUp(
    5_000,
    Array.from({ length: 99 }, () => failure()),
  );
  await clock.advance(5_000);
  expect(await ended).toEqual(failure());
  expect(state.attempts).toBe(3);
});

it.each<ConnectionFailure>(['credentials', 'vhost', 'tls', 'protocol'])(
  'does not wait for %s, which do not heal by waiting',
  async (reason) => {
    expect(await setUp(Number.POSITIVE_INFINITY, [failure(reason)]).ended).toEqual(failure(reason));
  },
);

it('ends when nobody wants the connection any more', async () => {
  const { clock, ended, state } = setUp(Number.POSITIVE_INFINITY, [failure(), failure()]);
  await clock.advance(100);
  state.wanted = false;
  await clock.advance(2_000);
  expect(await ended).toEqual(failure());
  expect(state.attempts).toBe(1);
});
