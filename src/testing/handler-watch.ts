import type { TaskMiddleware } from '../middleware/middleware';
import type { TaskContext } from '../task/context';
import { isTaskSignal } from '../task/signals';

/** `late`: its attempt has ended before it returned, by its timeout or by a stop. */
type Phase = 'running' | 'late';

/** The handlers that run, which of them have been waited for in vain, and what handlers threw: the errors themselves. */
export class HandlerWatch {
  /** With the phase in which each was waited for in vain. */
  readonly #running = new Map<TaskContext, Phase | undefined>();
  readonly #errors = new Map<string, unknown>();
  #changes = 0;
  #firstError: { readonly error: unknown } | undefined;

  readonly middleware: TaskMiddleware = async ({ task }, next) => {
    this.#changes++;
    this.#running.set(task, undefined);
    try {
      return await next();
    } catch (error) {
      this.#errors.set(task.id, error);
      // Signals are decisions, not failures.
      if (!isTaskSignal(error)) this.#firstError ??= { error };
      throw error;
    } finally {
      this.#changes++;
      this.#running.delete(task);
    }
  };

  /** How often a handler has begun or returned so far. */
  get changes(): number {
    return this.#changes;
  }

  /** Handlers that have not returned. */
  get size(): number {
    return this.#running.size;
  }

  /** Handlers whose attempt runs on though they were waited for in vain. */
  get stuck(): number {
    return [...this.#running].filter(([task, waitedFor]) => waitedFor === 'running' && phaseOf(task) === 'running')
      .length;
  }

  /** The phases of those that nobody has waited for in vain since that phase began. */
  freshPhases(): ReadonlySet<Phase> {
    const fresh = new Set<Phase>();
    for (const [task, waitedFor] of this.#running) {
      const phase = phaseOf(task);
      if (phase !== waitedFor) fresh.add(phase);
    }
    return fresh;
  }

  /** All that run have been waited for in vain. */
  giveUp(): void {
    for (const task of this.#running.keys()) this.#running.set(task, phaseOf(task));
  }

  errorOf(id: string): unknown {
    return this.#errors.get(id);
  }

  /** Throws the first error since the last call. */
  rethrowFirst(): void {
    const first = this.#firstError;
    this.#firstError = undefined;
    if (first !== undefined) throw first.error;
  }

  forgetFirst(): void {
    this.#firstError = undefined;
  }
}

const phaseOf = ({ signal }: TaskContext): Phase => (signal.aborted ? 'late' : 'running');
