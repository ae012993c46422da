import type { Publisher } from '../../broker/broker';
import { scheduleMessage } from '../state/message-json';

const END_TIMEOUT_MS = 5_000;

/** Tells the leader that runs have ended, for schedules with `overlap: 'skip'`. */
export class RunEnds {
  readonly #onTheirWay = new Set<Promise<void>>();

  constructor(private readonly publisher: Publisher) {}

  /** Never throws: if the message is lost, the schedule waits until its `overlapTimeout`. */
  tell(name: string, taskId: string): void {
    const ended = scheduleMessage({ kind: 'ended', name, taskId });
    const telling = this.publisher
      .publish(ended, { timeoutMs: END_TIMEOUT_MS })
      .catch(() => undefined)
      .finally(() => this.#onTheirWay.delete(telling));
    this.#onTheirWay.add(telling);
  }

  /** Resolves when every message was confirmed or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#onTheirWay);
  }
}
