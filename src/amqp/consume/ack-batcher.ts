/** What the batcher writes to: one channel. */
export interface AckWriter {
  ack(deliveryTag: number, multiple: boolean): void;
}

/**
 * Collects the acknowledgements of one channel and sends them together: the longest run of
 * settled deliveries as one `multiple` ack, the rest one by one. Never acknowledges a delivery that was not settled.
 *
 * Delivery tags of a channel count up from 1 (AMQP 0-9-1, 1.8.2). `#low` is the lowest tag that is not settled;
 * everything below it is. A `multiple` ack names a tag that the broker still holds: one that was given back with
 * a nack is gone, and naming it would close the channel with a 406.
 */
export class AckBatcher {
  #low = 1;
  /** Settled tags above `#low`. */
  readonly #settled = new Set<number>();
  /** Settled by `ack` and not yet sent. */
  #waiting: number[] = [];

  constructor(private readonly writer: AckWriter) {}

  /** How many acknowledgements wait to be sent. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes an acknowledgement. The caller sees to it that a tag is settled once. */
  ack(deliveryTag: number): void {
    this.#waiting.push(deliveryTag);
    this.#settle(deliveryTag);
  }

  /** Takes note of a delivery that was given back with a nack, which the caller has sent already. */
  settledOtherwise(deliveryTag: number): void {
    this.#settle(deliveryTag);
  }

  /** Sends everything that waits. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    let run = 0;
    let highest = 0;
    for (const tag of waiting) {
      if (tag >= this.#low) continue;
      run++;
      if (tag > highest) highest = tag;
    }
    if (run > 0) this.writer.ack(highest, run > 1);
    if (run === waiting.length) return;
    for (const tag of waiting) if (tag > this.#low) this.writer.ack(tag, false);
  }

  #settle(deliveryTag: number): void {
    if (deliveryTag !== this.#low) {
      this.#settled.add(deliveryTag);
      return;
    }
    this.#low++;
    while (this.#settled.size > 0 && this.#settled.delete(this.#low)) this.#low++;
  }
}
