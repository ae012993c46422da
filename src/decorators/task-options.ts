import type { ScheduleOption } from '../recurrence/schedule-options';
import type { RetryOptions } from '../retry/normalize-retry';
import type { PayloadOption } from '../task/payload-type';
import type { Duration } from '../time/duration';

/** What may be said for all tasks of an app, for a class by `@TaskQueue`, and for one task by `@Task`; the nearest counts. */
export interface TaskDefaults extends RetryOptions {
  /**
   * How long one attempt may run: 0 (no limit) to 24 days. When it passes, `task.signal` aborts and the attempt has failed.
   * @defaultValue `'15m'`
   */
  readonly timeout?: Duration;
}

/** What `@Task(contract, options)` may be told: all but what the contract says already. */
export interface ContractTaskOptions extends TaskDefaults {
  /**
   * Routing keys of foreign messages that this task takes, with `*` and `#` as in topic bindings; at most 255 bytes each.
   * Its queue needs a binding that lets them in: `@TaskQueue('billing', { bindings: [...] })`.
   * @defaultValue none
   */
  readonly routingKey?: string | readonly string[];
  /**
   * When it runs by itself: a cron expression in UTC, or a schedule with all its options; several in an array.
   * @defaultValue never
   */
  readonly schedule?: ScheduleOption | readonly ScheduleOption[];
}

/** What `@Task(options)` may be told. */
export interface TaskOptions<O extends PayloadOption = PayloadOption> extends ContractTaskOptions {
  /**
   * The task's name on the wire: 1 to 127 bytes without spaces, unique in a worker. Taken as it stands.
   * @defaultValue `<queue>.<method>`; on a class `<queue>.<class>`, with a small first letter
   */
  readonly name?: string;
  /**
   * The home queue.
   * @defaultValue the queue of the class's `@TaskQueue`
   */
  readonly queue?: string;
  /**
   * The payload's class, `String`, `Number` or `Boolean`; `'none'`; or `'unchecked'` for any JSON. Needed where the
   * compiler emits no metadata (esbuild, tsx), on classes, and for types that are no class.
   * @defaultValue the type of the method's first parameter
   */
  readonly payload?: O;
}
