import { AsyncResource } from 'node:async_hooks';

/** Made when Warren is loaded, usually before an application has opened any context. */
const ROOT = new AsyncResource('WARREN');

/** A resource inherits the context that is current when it is made. */
const newResource = (): AsyncResource => new AsyncResource('WARREN_TASK', { requireManualDestroy: true });

/**
 * Calls a function in an empty async context of its own: what `AsyncLocalStorage` holds for the caller is not seen, and
 * what the function sets with `enterWith` ends with it.
 *
 * Before Node 24 `enterWith` writes to the current resource, so one shared resource (which is all that
 * `AsyncLocalStorage.snapshot()` is) would carry the store of one call to the next. Each call gets a new one: 54 ns.
 */
export function inOwnContext<A, T>(act: (argument: A) => T, argument: A): T {
  return ROOT.runInAsyncScope(newResource).runInAsyncScope(act, undefined, argument);
}
