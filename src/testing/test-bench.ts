import type { TaskAppOptions } from '../app/app-options';
import type { TaskApp } from '../app/task-app';
import { ConfigurationError } from '../errors/configuration-error';
import { DURATION_FORMS, type Duration, parseDuration } from '../time/duration';
import { ManualClock } from '../time/manual-clock';
import { HandlerWatch } from './handler-watch';
import { TestApp } from './test-app';

/** How a test app differs from an app. */
export interface TestBenchOptions {
  /** The first instant. @defaultValue 2026-01-01T00:00:00Z */
  readonly startAt?: Date | undefined;
  /**
   * How long real work of handlers (requests, timers) may take at a time, in real time. The clock stands still meanwhile.
   * After it, `drain` and `perform` throw, and `advance` moves on. @defaultValue `'4s'`
   */
  readonly patience?: Duration | undefined;
}

/** Shorter than the 5 s that Jest and Vitest give a test: its error is then seen. */
const DEFAULT_PATIENCE = '4s';

/** What an app needs to be under test, for those who make and start it themselves. */
export class TestBench {
  readonly #clock: ManualClock;
  readonly #handlers = new HandlerWatch();
  readonly #patienceMs: number;

  /** @throws ConfigurationError */
  constructor({ startAt, patience = DEFAULT_PATIENCE }: TestBenchOptions) {
    const patienceMs = parseDuration(patience);
    if (patienceMs === undefined) throw new ConfigurationError([`patience must be ${DURATION_FORMS}`]);
    this.#patienceMs = patienceMs;
    this.#clock = new ManualClock(startAt?.getTime());
  }

  /** What counts instead of the app's own options. */
  options({ middleware = [], logger = false }: Pick<TaskAppOptions, 'middleware' | 'logger'>): TaskAppOptions {
    return {
      logger,
      middleware: [this.#handlers.middleware, ...middleware],
      url: 'memory:',
      clock: this.#clock,
      handleSignals: false,
      http: false,
    };
  }

  /** @param app - made with these options, started and paused. */
  testApp(app: TaskApp): TestApp {
    return new TestApp(app, this.#clock, this.#handlers, this.#patienceMs);
  }
}
