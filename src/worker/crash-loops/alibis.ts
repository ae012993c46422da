import { createHash } from 'node:crypto';
import type { Broker, Delivery } from '../../broker/broker';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { readEnvelope } from '../../message/envelope';
import type { Clock } from '../../time/clock';
import { HOUR, MINUTE, SECOND } from '../../time/duration';
import { alibiName, lifelineName } from '../../topology/names';
import { Pauses } from './pauses';
import { acquittalsOf } from './suspects';

/** Pause between two checks. The broker logs each look-up of a queue that does not exist, so it is not shorter. */
const LOOK_MS = SECOND;
/** How long a verdict waits for an alibi: a process that survived must notice the loss, reconnect and declare the queue. */
const HEARING_MS = 15 * SECOND;
/** How long a process that survived tries to declare the alibi. */
const TESTIMONY_MS = 10 * MINUTE;
/** Lifetime of an alibi: the suspect may wait behind others for its verdict. */
const EXPIRES_MS = HOUR;
/** How long a verdict waits for a process that is alive and whose event loop is blocked. */
const BLOCKED_MS = 5 * MINUTE;
/** Bounds the opening of the lifeline before a suspect begins. */
const LIFELINE_MS = 5 * SECOND;
/** Keep watching this long after the run: the acknowledgement itself may be lost. */
const LATE_ACK_MS = 2 * SECOND;

/**
 * Distinguishes the death of a suspect's worker from the loss of its connection. The broker counts both alike. Only the process
 * that ran the suspect knows which it was, and only if it is alive. So a process that lost its connection during such a run
 * declares a queue, the alibi, whose name every other process can look up. The queue stays empty and expires. Each run has a
 * name of its own.
 *
 * A process whose event loop is blocked cannot declare anything. So it holds a lock, the lifeline, during the run, on a connection
 * without heartbeats: the lock ends when the process dies, and not before. While it is held, there is no verdict.
 *
 * @see docs/decisions/007-suspects-have-a-queue.md
 */
export class Alibis {
  readonly #pauses: Pauses;

  constructor(
    private readonly broker: Pick<Broker, 'declare' | 'queueState' | 'lifeline' | 'isLocked'>,
    private readonly clock: Clock,
  ) {
    this.#pauses = new Pauses(clock);
  }

  /**
   * Watches a suspect while it runs, and for a moment after it. Resolves when it may begin.
   * @returns the function that tells its end.
   */
  async watch(delivery: Delivery): Promise<() => void> {
    const release = await this.#lifeline(delivery);
    let endedAt: number | undefined;
    void this.#watch(delivery, () => endedAt !== undefined && this.clock.now() - endedAt > LATE_ACK_MS).finally(
      release,
    );
    return () => {
      endedAt = this.clock.now();
    };
  }

  /**
   * Whether somebody has survived the last run of a suspect; waits a while for word of it. `undefined`: the worker stops,
   * or the delivery is lost.
   */
  async survived(delivery: Delivery): Promise<boolean | undefined> {
    const trial = trialOf(delivery);
    const begunAt = this.clock.now();
    let aliveAt: number | undefined;
    while (!this.#pauses.stopped && delivery.live) {
      if (await this.#exists(alibiName(trial))) return true;
      const now = this.clock.now();
      if (await this.#isAlive(lifelineName(trial))) aliveAt = now;
      // It lives still, or did until a moment ago: then it may be about to leave word of its loss.
      if (aliveAt !== undefined && now - begunAt >= BLOCKED_MS) return true;
      if (now - (aliveAt ?? begunAt) >= HEARING_MS) return false;
      await this.#pauses.wait(LOOK_MS);
    }
    return undefined;
  }

  /** Whether a process that runs a suspect, or ran it until now, is alive. */
  isRunning(delivery: Delivery): Promise<boolean> {
    return this.#isAlive(lifelineName(trialOf(delivery)));
  }

  /** No timer outlives a worker that stops. */
  stop(): void {
    this.#pauses.stop();
  }

  async #watch(delivery: Delivery, isOver: () => boolean): Promise<void> {
    while (delivery.live) {
      if (this.#pauses.stopped || isOver()) return;
      await this.#pauses.wait(LOOK_MS);
    }
    // A task that the broker does not wait for is to come to an end.
    if (!delivery.overdue) await this.#testify(alibiName(trialOf(delivery)));
  }

  /** Without it the suspect runs all the same: a connection may be one too many for the broker. */
  async #lifeline(delivery: Delivery): Promise<() => void> {
    const taken = this.broker.lifeline(lifelineName(trialOf(delivery)));
    await new Promise<void>((resolve) => {
      const timer = this.clock.schedule(resolve, LIFELINE_MS);
      const settled = (): void => {
        timer.cancel();
        resolve();
      };
      taken.then(settled, settled);
    });
    // Also where it comes late.
    return () => void taken.then((end) => end()).catch(() => undefined);
  }

  async #isAlive(name: string): Promise<boolean> {
    try {
      return await this.broker.isLocked(name);
    } catch {
      return false;
    }
  }

  async #testify(name: string): Promise<void> {
    const until = this.clock.now() + TESTIMONY_MS;
    const queue = { name, arguments: { 'x-queue-type': 'classic', 'x-expires': EXPIRES_MS } };
    while (!this.#pauses.stopped && this.clock.now() < until) {
      try {
        return await this.broker.declare({ exchanges: [], queues: [queue], bindings: [] });
      } catch (error) {
        // Not permitted, say: then the loss counts as a death.
        if (!(error instanceof ConnectionClosedError)) return;
        await this.#pauses.wait(LOOK_MS);
      }
    }
  }

  async #exists(name: string): Promise<boolean> {
    try {
      return (await this.broker.queueState(name)) !== undefined;
    } catch {
      return false;
    }
  }
}

/** Names one trial. An id may be longer than what is left of a queue's name. */
function trialOf(delivery: Delivery): string {
  const { id, attempt } = readEnvelope(delivery);
  const trial = JSON.stringify([delivery.queue, id, attempt, acquittalsOf(delivery)]);
  return createHash('sha256').update(trial).digest('hex').slice(0, 32);
}
