import { createHash } from 'node:crypto';
import type { Broker, Delivery } from '../../broker/broker';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { readEnvelope } from '../../message/envelope';
import { HEADER, integerHeader } from '../../message/headers';
import type { Clock } from '../../time/clock';
import { HOUR, SECOND } from '../../time/duration';
import { trialMarkName } from '../../topology/names';
import { acquittalsOf } from './suspects';

/** Bounds each call. During an alarm the broker does not answer on a connection that publishes. */
const PATIENCE_MS = 5 * SECOND;
/** Removes the marks of workers that died. */
const EXPIRES_MS = HOUR;

/**
 * How far a copy in a queue of suspects has come: `waiting` → `begun` → `judged`, or `waiting` → `beside`. The broker counts
 * a death in each of these alike. A death is evidence only after the run has begun and before a worker waits for its
 * verdict, and only if no other task ran in the process. `beside`: others ran, or may have.
 */
export type TrialStage = 'waiting' | TrialMark;
export type TrialMark = 'begun' | 'beside' | 'judged';

/**
 * Marks of the stages, which outlive the process: an empty queue exists, as for an alibi. The marks are of one copy. A copy
 * that is published afresh begins as `waiting`.
 */
export class TrialMarks {
  constructor(
    private readonly broker: Pick<Broker, 'declare' | 'queueState' | 'deleteUnused'>,
    private readonly clock: Pick<Clock, 'schedule'>,
  ) {}

  /** A copy that is delivered for the first time is not looked up. */
  async stageOf(delivery: Delivery): Promise<TrialStage> {
    if (delivery.deliveryCount === 0) return 'waiting';
    // Before `begun`: a run that began alone has both if others came later.
    if (await this.#exists(delivery, 'beside')) return 'beside';
    if (!(await this.#exists(delivery, 'begun'))) return 'waiting';
    return (await this.#exists(delivery, 'judged')) ? 'judged' : 'begun';
  }

  /** @returns `false` where the broker refuses the mark, to this user say. One that is late, or lost on its way, is not refused. */
  async set(delivery: Delivery, stage: TrialMark): Promise<boolean> {
    const queue = { name: nameOf(delivery, stage), arguments: { 'x-queue-type': 'classic', 'x-expires': EXPIRES_MS } };
    try {
      await this.#bounded(this.broker.declare({ exchanges: [], queues: [queue], bindings: [] }));
      return true;
    } catch (error) {
      return error instanceof ConnectionClosedError;
    }
  }

  /** Never rejects: a mark that stays expires. */
  async remove(delivery: Delivery, stage: TrialMark): Promise<void> {
    try {
      await this.#bounded(this.broker.deleteUnused(nameOf(delivery, stage), 'classic'));
    } catch {
      // Its name is of this copy alone, and the copy is settled.
    }
  }

  #bounded(answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.schedule(() => resolve(undefined), PATIENCE_MS);
      answer.finally(() => timer.cancel()).then(resolve, reject);
    });
  }

  async #exists(delivery: Delivery, stage: TrialMark): Promise<boolean> {
    try {
      return (await this.broker.queueState(nameOf(delivery, stage))) !== undefined;
    } catch {
      return false;
    }
  }
}

/** Each copy has a due time of its own: the time at which it was published. */
function nameOf(delivery: Delivery, stage: TrialMark): string {
  const { id, attempt } = readEnvelope(delivery);
  const madeAt = integerHeader(delivery.properties.headers, HEADER.dueAt, 0, Number.MAX_SAFE_INTEGER);
  const copy = JSON.stringify([delivery.queue, id, attempt, acquittalsOf(delivery), madeAt]);
  return trialMarkName(createHash('sha256').update(copy).digest('hex').slice(0, 32), stage);
}
