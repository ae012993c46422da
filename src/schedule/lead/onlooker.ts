import type { Broker } from '../../broker/broker';
import { SCHEDULES_QUEUE } from '../../topology/names';
import type { Presence } from './presence';

/**
 * Stands for a worker that has no schedules. If the broker has a queue of schedules, this worker tells the leader that it
 * consumes its queues and has no schedules for them: otherwise the schedules of its earlier version would go on for ever. If the
 * queue does not exist, it does nothing more.
 */
export class Onlooker {
  readonly busy = false;
  #looked = false;

  constructor(
    private readonly broker: Broker,
    private readonly presence: Presence,
  ) {}

  /** Never rejects: a failure here must not fail the start of the app. */
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

/** Whether the queue of schedules has a consumer. */
export async function hasLeader(broker: Broker): Promise<boolean> {
  return ((await broker.queueState(SCHEDULES_QUEUE))?.consumers ?? 0) > 0;
}
