import type { Publisher } from '../../broker/broker';
import { scheduleMessage } from '../state/message-json';

const END_TIMEOUT_MS = 5_000;

/** Tells whoever leads that runs are over whose end is waited for. */
export class RunEnds {
  readonly #onTheirWay = new Set<Promise<void>>();

  constructor(private readonly publisher: Publisher) {}

  /** Never throws: where the word is lost, the schedule's `overlapTimeout` counts. */
  tell(name: string, taskId: string): void {
    const ended = scheduleMessage({ kind: 'ended', name, taskId });
    const telling = this.publisher
      .publish(ended, { timeoutMs: END_TIMEOUT_MS })
      .catch(() => undefined)
      .finally(() => this.#onTheirWay.delete(telling));
    this.#onTheirWay.add(telling);
  }

  /** Resolves when all have been told, or could not be. */
  async settled(): Promise<void> {
    await Promise.all(this.#onTheirWay);
  }
}
