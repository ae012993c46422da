import { ConfigurationError } from '../errors/configuration-error';
import { describeThrown } from '../errors/describe-thrown';
import type { EventListener, EventName, WarrenEvents } from './task-events';

type AnyListener = (event: never) => void;

/** Calls listeners and survives them: one that throws, or whose promise rejects, becomes a `listener:failed` event. */
export class EventBus {
  /** Lists are replaced, never changed: whoever emits goes through the one that was there when it began. */
  readonly #listeners = new Map<EventName, readonly AnyListener[]>();

  /** Adds a listener and returns the function that removes it. */
  on<E extends EventName>(event: E, listener: EventListener<E>): () => void {
    if (typeof listener !== 'function') {
      throw new ConfigurationError([`a listener of "${String(event)}" must be a function, got ${typeof listener}`]);
    }
    const others = () => (this.#listeners.get(event) ?? []).filter((other) => other !== listener);
    this.#listeners.set(event, [...others(), listener as AnyListener]);
    return () => {
      this.#listeners.set(event, others());
    };
  }

  /** Resolves with the next event of this name (that passes the test). */
  once<E extends EventName>(
    event: E,
    test: (event: WarrenEvents[E]) => boolean = () => true,
  ): Promise<WarrenEvents[E]> {
    return new Promise((resolve) => {
      const off = this.on(event, (value) => {
        if (!test(value)) return;
        off();
        resolve(value);
      });
    });
  }

  /** Whether anybody listens: lets the hot path skip building an event that nobody hears. */
  has(event: EventName): boolean {
    const listeners = this.#listeners.get(event);
    return listeners !== undefined && listeners.length > 0;
  }

  emit<E extends EventName>(event: E, value: WarrenEvents[E]): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) return;
    for (const listener of listeners) this.#call(event, listener as EventListener<E>, value);
  }

  #call<E extends EventName>(event: E, listener: EventListener<E>, value: WarrenEvents[E]): void {
    try {
      const returned: unknown = listener(value);
      if (returned instanceof Promise) returned.catch((error: unknown) => this.#failed(event, error));
    } catch (error) {
      this.#failed(event, error);
    }
  }

  #failed(event: EventName, error: unknown): void {
    // A listener of this very event that fails must not call itself for ever.
    if (event === 'listener:failed') return;
    this.emit('listener:failed', { event, error: describeThrown(error) });
  }
}
