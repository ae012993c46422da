import { InvalidOptionsError } from '../errors/enqueue-errors';
import { describeValue } from '../options/describe-value';
import type { EnqueueItem, EnqueueResult } from '../task/task-methods';
import { nextRealTurn } from '../time/real-timers';
import { Window } from './window';

/** Tasks of one `enqueueMany` that are on their way at the same time. More wait, so memory stays bounded. */
const MANY_WINDOW = 1_000;

/** Of these, how many are made before others have their turn: what was written goes out while the next are made. */
const MANY_AT_ONCE = 100;

/** Sends an item, and tells its result without fail. */
export type SendItem = (item: EnqueueItem<unknown>, window: Window, onResult: (result: EnqueueResult) => void) => void;

/** The items of one `enqueueMany`: how many are on their way, and what became of each. */
export class ManyItems {
  readonly #results: EnqueueResult[] = [];
  readonly #window = new Window(MANY_WINDOW);
  #sent = 0;

  constructor(private readonly send: SendItem) {}

  /** Whether `turn` must be awaited before the next item. */
  get mustWait(): boolean {
    return this.#window.isFull || this.#isLongTurn;
  }

  async turn(): Promise<void> {
    if (this.#window.isFull) await this.#window.hasRoom();
    if (this.#isLongTurn) await nextRealTurn();
  }

  add(item: EnqueueItem<unknown>): void {
    const position = this.#sent++;
    this.send(item, this.#window, (result) => {
      this.#results[position] = result;
    });
  }

  /** Resolves when the last one has its result. */
  async settled(): Promise<readonly EnqueueResult[]> {
    await this.#window.isEmpty();
    return this.#results;
  }

  get #isLongTurn(): boolean {
    return (this.#sent + 1) % MANY_AT_ONCE === 0;
  }
}

/** @throws InvalidOptionsError where there is nothing to iterate. */
export function isAsyncIterable(
  task: string,
  items: Iterable<EnqueueItem<unknown>> | AsyncIterable<EnqueueItem<unknown>>,
): items is AsyncIterable<EnqueueItem<unknown>> {
  const isObject = (typeof items === 'object' && items !== null) || typeof items === 'function';
  if (isObject && typeof Reflect.get(items, Symbol.asyncIterator) === 'function') return true;
  if (isObject && typeof Reflect.get(items, Symbol.iterator) === 'function') return false;
  throw new InvalidOptionsError(task, [
    `the items must be an array, or another iterable or async iterable, got ${describeValue(items)}`,
  ]);
}
