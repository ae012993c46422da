import type { QueueSettings } from './queue-settings';

/** What counts against a queue's limits: ready messages, and dead letters that it holds. */
export interface Load {
  readonly count: number;
  readonly bytes: number;
}

/** A quorum queue that was full takes messages again once it is this empty. */
const LOW_WATERMARK = 0.8;

/**
 * Whether a queue is full, as RabbitMQ sees it. A classic queue never exceeds its limits. A quorum queue is full once
 * it has exceeded them, by a message more than they say, and stays so until it is down to four fifths.
 */
export class LengthLimit {
  #full = false;
  #hasRefused = false;

  constructor(private readonly settings: QueueSettings) {}

  isExceeded({ count, bytes }: Load): boolean {
    return count > this.settings.maxLength || bytes > this.settings.maxLengthBytes;
  }

  /** Whether a queue of this load refuses one message more. */
  refuses({ count, bytes }: Load, messageBytes: number): boolean {
    if (this.settings.overflow !== 'reject-publish') return false;
    const isClassic = this.settings.type === 'classic';
    const refused = isClassic ? this.isExceeded({ count: count + 1, bytes: bytes + messageBytes }) : this.#full;
    this.#hasRefused ||= refused;
    return refused;
  }

  /** Takes note that the load has grown. */
  grown(load: Load): void {
    if (this.settings.type === 'quorum') this.#full ||= this.isExceeded(load);
  }

  /** Takes note that the load has shrunk. @returns whether somebody who was refused can try again. */
  shrunk({ count, bytes }: Load): boolean {
    if (!this.#full && !this.#hasRefused) return false;
    const { maxLength, maxLengthBytes } = this.settings;
    const isLow = count <= Math.trunc(maxLength * LOW_WATERMARK) && bytes <= Math.trunc(maxLengthBytes * LOW_WATERMARK);
    if (isLow) this.#full = false;
    if (!this.#hasRefused || this.#full) return false;
    this.#hasRefused = false;
    return true;
  }
}
