import type { TaskContract } from '../task/contract';
import type { TaskAppOptions } from './app-options';

/** What `warren.config.ts`, `.js` or `.json` holds: options of `createTaskApp`, and what the command line alone needs. */
export interface WarrenConfig extends TaskAppOptions {
  /** Tasks that this project enqueues and does not run, so that `warren enqueue` can check them. @defaultValue none */
  readonly contracts?: readonly TaskContract[];
  /**
   * Where the management plugin answers, `http://user:password@host:15672`; `false`: it is not asked.
   * @defaultValue port 15672 (15671 with TLS) of the broker's host, with its user, where the broker has its usual port
   */
  readonly management?: string | false;
}
