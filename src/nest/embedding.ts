import type { TaskAppOptions } from '../app/app-options';
import type { TaskApp } from '../app/task-app';
import type { TestApp } from '../testing/test-app';
import { TestBench } from '../testing/test-bench';
import { DEFAULT_CONNECTION, EMBEDDING, getTaskAppToken } from './tokens';

/**
 * What stands in for the brokers of a testing module: an embedded one for each connection, and one clock for all.
 *
 * @see docs/decisions/008-nest-integration.md
 */
export class Embedding {
  readonly #bench: TestBench;

  constructor(startAt: Date | undefined) {
    this.#bench = new TestBench({ startAt });
  }

  /** What counts instead of a connection's own options. */
  options({ middleware = [] }: TaskAppOptions): TaskAppOptions {
    return this.#bench.options({ middleware });
  }

  testApp(app: TaskApp): TestApp {
    return this.#bench.testApp(app);
  }
}

/** What `Test.createTestingModule` gives, as far as it is needed. */
interface OverridesProviders {
  overrideProvider(token: string): { useValue(value: unknown): unknown };
}

/** A testing module, or an application made of one. */
interface TestedApplication {
  init(): Promise<unknown>;
  get(token: string, options: { readonly strict: false }): unknown;
}

/**
 * Puts the embedded broker, and a clock that stands still, in place of the brokers of a testing module.
 *
 * @param startAt - the first instant; 2026-01-01T00:00:00Z unless given.
 *
 * @example
 * ```ts
 * const module = await embedBroker(Test.createTestingModule({ imports: [AppModule] })).compile();
 * const tasks = await getTestApp(module);
 * ```
 */
export function embedBroker<B extends OverridesProviders>(builder: B, startAt?: Date): B {
  builder.overrideProvider(EMBEDDING).useValue(new Embedding(startAt));
  return builder;
}

/**
 * Starts a testing module, or an application made of it, and gives what moves its time and looks into its queues. Tasks
 * run only while `drain`, `advance` or `perform` do.
 *
 * @param connection - its name; without one, the default.
 * @throws TypeError when `embedBroker` was not called on the module's builder.
 */
export async function getTestApp(tested: TestedApplication, connection = DEFAULT_CONNECTION): Promise<TestApp> {
  await tested.init();
  const embedding = tested.get(EMBEDDING, { strict: false });
  if (!(embedding instanceof Embedding)) throw new TypeError('call embedBroker() on the builder of the testing module');
  return embedding.testApp(tested.get(getTaskAppToken(connection), { strict: false }) as TaskApp);
}
