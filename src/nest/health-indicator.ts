import { Inject, Injectable } from '@nestjs/common';
import type { TaskApp } from '../app/task-app';
import { ConnectionRegistry } from './connection-registry';

/** What Terminus takes as the result of an indicator. */
export type WarrenHealthResult<K extends string> = Record<
  K,
  { readonly status: 'up' | 'down'; readonly problems?: readonly string[] }
>;

/**
 * A health indicator for `@nestjs/terminus`: up only while every connection is there and every queue that should be
 * consumed is.
 *
 * @example
 * ```ts
 * this.health.check([() => this.warren.check('rabbitmq')]);
 * ```
 */
@Injectable()
export class WarrenHealthIndicator {
  constructor(@Inject(ConnectionRegistry) private readonly registry: ConnectionRegistry) {}

  /**
   * @param key - under which the result stands.
   * @param connection - a connection's name; without one, all of them are looked at.
   */
  check<const K extends string>(key: K, connection?: string): WarrenHealthResult<K> {
    const problems = this.registry
      .list(connection)
      .flatMap(({ name, health }) => health.problems().map((problem) => `${name}: ${problem}`));
    const result = problems.length === 0 ? ({ status: 'up' } as const) : ({ status: 'down', problems } as const);
    return { [key]: result } as unknown as WarrenHealthResult<K>;
  }
}

/** Keeps what an app's events say about its connections and consumers. */
export class HealthWatch {
  readonly #connections = new Map<string, string>();
  readonly #consumers = new Map<string, string>();
  #paused = false;

  constructor(private readonly app: TaskApp) {
    app.on('connection:changed', ({ name, state }) => void this.#connections.set(name, state));
    app.on('subscription:changed', ({ queue, state }) => void this.#consumers.set(queue, state));
    app.on('worker:paused', () => {
      this.#paused = true;
    });
    app.on('worker:resumed', () => {
      this.#paused = false;
    });
  }

  /** Why the app does not do what it should; empty where it does. */
  problems(): readonly string[] {
    if (this.app.state !== 'started') return [`the app is ${this.app.state}`];
    const lost = [...this.#connections].filter(([, state]) => state === 'connecting' || state === 'closed');
    // A pause was asked for: its consumers are cancelled, and that is no illness.
    const idle = this.#paused ? [] : [...this.#consumers].filter(([, state]) => state !== 'consuming');
    return [
      ...lost.map(([name, state]) => `the connection ${name} is ${state}`),
      ...idle.map(([queue, state]) => `the queue "${queue}" is not consumed (${state})`),
    ];
  }
}
