import { Inject, Injectable } from '@nestjs/common';
import type { AppHealth, HealthReason } from '../health/app-health';
import { ConnectionRegistry } from './connection-registry';

/** What Terminus takes as the result of an indicator. */
export type WarrenHealthResult<K extends string> = Record<
  K,
  {
    readonly status: 'up' | 'down';
    /** Why it is down. */
    readonly problems?: readonly string[];
    /** What somebody should look at though it is up. */
    readonly warnings?: readonly string[];
  }
>;

/**
 * A health indicator for `@nestjs/terminus`, made of each connection's `app.health()`.
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
   * For readiness: up only while the broker answers and every queue is consumed that should be.
   *
   * @param key - under which the result stands.
   * @param connection - a connection's name; without one, all of them are looked at.
   */
  check<const K extends string>(key: K, connection?: string): WarrenHealthResult<K> {
    return this.#result(key, connection, ({ costs }) => costs !== 'nothing');
  }

  /** For liveness: down only where nothing but a restart of the process helps. Parameters as for `check`. */
  checkLive<const K extends string>(key: K, connection?: string): WarrenHealthResult<K> {
    return this.#result(key, connection, ({ costs }) => costs === 'live');
  }

  #result<const K extends string>(
    key: K,
    connection: string | undefined,
    isProblem: (reason: HealthReason) => boolean,
  ): WarrenHealthResult<K> {
    const reasons = this.registry.list(connection).flatMap(({ name, app }) => named(name, app.health()));
    const problems = reasons.filter(isProblem).map(({ message }) => message);
    const warnings = reasons.filter((reason) => !isProblem(reason)).map(({ message }) => message);
    const result = {
      status: problems.length === 0 ? 'up' : 'down',
      ...(problems.length === 0 ? {} : { problems }),
      ...(warnings.length === 0 ? {} : { warnings }),
    } as const;
    return { [key]: result } as unknown as WarrenHealthResult<K>;
  }
}

const named = (name: string, { reasons }: AppHealth): readonly HealthReason[] =>
  reasons.map((reason) => ({ ...reason, message: `${name}: ${reason.message}` }));
