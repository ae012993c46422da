import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { launcherInTheWay } from '../../../src/app/launcher';
import { SAME_SIGNAL_MS } from '../../../src/app/signal-burst';
import { type SignalledProcess, StopSignals } from '../../../src/app/stop-signals';

const NUMBERS = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 } as const;
type Signal = keyof typeof NUMBERS;
const SIGNALS = Object.keys(NUMBERS) as Signal[];

function setUp() {
  const emitter = new EventEmitter();
  const exits: (number | undefined)[] = [];
  const time = { now: 1_000 };
  const target = Object.assign(emitter, { exit: (code?: number) => void exits.push(code) });
  const signals = new StopSignals(target as unknown as SignalledProcess, () => time.now);
  const send = (signal: Signal): void => void emitter.emit(signal, signal, NUMBERS[signal]);
  const listening = () => SIGNALS.map((signal) => emitter.listenerCount(signal));
  /** An app whose stop ends when the test says so. */
  const app = () => {
    let finish: () => void = () => undefined;
    const state = { stops: 0 };
    const remove = signals.add(() => {
      state.stops++;
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    return {
      state,
      remove,
      finish: async () => {
        finish();
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  };
  return { emitter, exits, time, send, listening, app };
}

it.each(SIGNALS)('%s stops the app, and then ends the process with 0', async (signal) => {
  const { send, app, exits, listening } = setUp();
  const { state, finish } = app();
  send(signal);
  expect([state.stops, exits]).toEqual([1, []]);
  await finish();
  expect(exits).toEqual([undefined]);
  expect(listening()).toEqual([0, 0, 0]);
});

it('takes what arrives several times at once for one, whichever signals', () => {
  const burst = fc.array(fc.tuple(fc.constantFrom(...SIGNALS), fc.integer({ min: 0, max: SAME_SIGNAL_MS - 1 })), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(fc.constantFrom(...SIGNALS), burst, (first, others) => {
      const { send, app, exits, time } = setUp();
      const { state } = app();
      const began = time.now;
      send(first);
      for (const [signal, later] of others.toSorted((a, b) => a[1] - b[1])) {
        time.now = began + later;
        send(signal);
      }
      expect([state.stops, exits]).toEqual([1, []]);
    }),
  );
});

it.each(SIGNALS)('ends the process at once when %s is sent again', (signal) => {
  const { send, app, exits, time } = setUp();
  app();
  send('SIGINT');
  time.now += SAME_SIGNAL_MS;
  send(signal);
  expect(exits).toEqual([128 + NUMBERS[signal]]);
});

it('ends the process when every app has stopped, and not before', async () => {
  const { send, app, exits, listening } = setUp();
  const [first, second] = [app(), app()];
  expect(listening()).toEqual([1, 1, 1]);
  send('SIGTERM');
  const third = app();
  expect([first, second, third].map(({ state }) => state.stops)).toEqual([1, 1, 1]);
  for (const one of [second, third]) {
    await one.finish();
    expect(exits).toEqual([]);
  }
  await first.finish();
  expect(exits).toEqual([undefined]);
});

it.each(['on', 'once'] as const)(
  'leaves the end to others that listen with process.%s, and listens no more',
  async (how) => {
    const { emitter, send, app, exits, listening } = setUp();
    emitter[how]('SIGTERM', () => undefined);
    const { finish } = app();
    send('SIGTERM');
    await finish();
    expect(exits).toEqual([]);
    expect(listening()).toEqual([how === 'on' ? 1 : 0, 0, 0]);
  },
);

it('stops listening with the last app that was stopped otherwise', () => {
  const { app, listening } = setUp();
  const [first, second] = [app(), app()];
  first.remove();
  first.remove();
  expect(listening()).toEqual([1, 1, 1]);
  second.remove();
  expect(listening()).toEqual([0, 0, 0]);
});

it('starts over for an app that comes after a stop that did not end the process', async () => {
  const { emitter, send, app, exits } = setUp();
  emitter.on('SIGTERM', () => undefined);
  const first = app();
  send('SIGTERM');
  await first.finish();
  const second = app();
  send('SIGTERM');
  expect([second.state.stops, exits]).toEqual([1, []]);
});

it.each([
  [
    'npm start',
    { npm_lifecycle_event: 'start', npm_command: 'start', npm_config_user_agent: 'npm/10.8.2 node/v20' },
    'npm',
  ],
  ['npx', { npm_command: 'exec', npm_config_user_agent: 'npm/10.8.2 node/v20' }, 'npm'],
  ['pnpm', { npm_lifecycle_event: 'worker', npm_config_user_agent: 'pnpm/9.1.0 npm/? node/v20' }, 'pnpm'],
  ['yarn', { npm_lifecycle_event: 'worker', npm_config_user_agent: 'yarn/1.22.22 npm/? node/v20' }, 'yarn'],
  ['something that says nothing of itself', { npm_lifecycle_event: 'worker' }, 'npm'],
  ['node itself', {}, undefined],
])('warns of signals that may not arrive under %s', (_what, environment, launcher) => {
  expect(launcherInTheWay(environment, false)).toBe(launcher);
  expect(launcherInTheWay(environment, true)).toBeUndefined();
});
