import type { Broker } from '../../broker/broker';
import { SCHEDULES_QUEUE } from '../../topology/names';
import type { Presence } from './presence';

/**
 * A worker without schedules. Where there are some on the broker, it says that it serves its queues without them, or
 * those of an earlier version would go on for ever. Where there are none, it looks once and does nothing more.
 */
export class Onlooker {
  readonly busy = false;
  #looked = false;

  constructor(
    private readonly broker: Broker,
    private readonly presence: Presence,
  ) {}

  /** Never rejects: nothing here is worth a start that fails. */
  async start(): Promise<void> {
    const there = await this.broker.queueState(SCHEDULES_QUEUE).catch(() => undefined);
    if (there === undefined) return;
    this.#looked = true;
    await this.presence.start();
  }

  async stop(): Promise<void> {
    if (this.#looked) await this.presence.leave();
  }
}

/** Whether anybody is served from the queue of schedules. */
export async function hasLeader(broker: Broker): Promise<boolean> {
  return ((await broker.queueState(SCHEDULES_QUEUE))?.consumers ?? 0) > 0;
}
