import type { Broker, Delivery } from '../broker/broker';
import type { Suspicion } from '../message/copies';
import { INTERRUPTED } from '../settlement/outcome';
import type { QueueDefinition } from '../task/definition';
import { suspectQueueName } from '../topology/names';
import type { Attempt } from './attempt';
import type { ClockSkew } from './clock-skew';
import type { Alibis } from './crash-loops/alibis';
import type { SoloRun, SoloRuns } from './crash-loops/solo-runs';
import { nextStep, soloTerms } from './crash-loops/suspect-steps';
import {
  acquittalsOf,
  crashesBefore,
  crashesBeforeIsolation,
  isSuspect,
  MAX_ACQUITTALS,
  SuspectDelivery,
} from './crash-loops/suspects';
import type { TrialMark, TrialMarks, TrialStage } from './crash-loops/trial-marks';
import type { DeliveryProcessor } from './delivery-processor';
import type { EndedAttempt, EndedAttempts } from './ended-attempts';
import type { Overruns } from './overruns';
import { type ConsumedQueue, QueueConsumer, type QueueConsumerParts } from './queue-consumer';
import type { Settler } from './settler';

export interface QueueRunnerParts {
  readonly processor: DeliveryProcessor;
  readonly settler: Settler;
  readonly overruns: Overruns;
  readonly alibis: Alibis;
  readonly marks: TrialMarks;
  readonly soloRuns: SoloRuns;
  readonly endedAttempts: EndedAttempts;
  readonly skew: ClockSkew;
  /** Resolves when sockets have caught up after a block of the event loop; `undefined` while it turns as usual. */
  readonly calm: () => Promise<void> | undefined;
  /** How long a delivery of a queue may be out, in milliseconds; `Infinity`: no limit. */
  readonly longestUnsettledMs: (queue: QueueDefinition) => number;
}

/**
 * Runs the deliveries of one home queue, and of its queue of suspects.
 *
 * A message that kills its process is never settled. The broker delivers it again and counts the delivery, and does the same for
 * all messages that the process held. A message with too many of these deliveries moves to the queue of suspects, which delivers
 * one message at a time: there a death counts against that message alone.
 */
export class QueueRunner {
  readonly #home: ConsumedQueue;
  readonly #suspects: ConsumedQueue;

  constructor(
    private readonly queue: QueueDefinition,
    private readonly parts: QueueRunnerParts,
  ) {
    const { name, type, concurrency, prefetch } = queue;
    const alone = { concurrency: 1, prefetch: 1 };
    // A classic queue refuses consumers with a timeout argument.
    const ackTimeoutMs = type === 'quorum' ? parts.longestUnsettledMs(queue) : undefined;
    this.#home = { name, concurrency, prefetch, ackTimeoutMs };
    const aloneMs = parts.longestUnsettledMs({ ...queue, ...alone });
    this.#suspects = { name: suspectQueueName(name), ...alone, ackTimeoutMs: aloneMs };
  }

  consumers(broker: Broker): readonly QueueConsumer[] {
    const { soloRuns } = this.parts;
    const alone = (delivery: Delivery) => this.#runAlone(new SuspectDelivery(delivery, this.queue.name));
    return [
      new QueueConsumer(this.#home, broker, (delivery) => this.#run(delivery), {
        ...this.#partsFor(this.#home),
        // A death while it waits for a slot is counted, too. The broker drops it at its delivery limit.
        needsNoSlot: (delivery) => this.#isToIsolate(delivery),
        held: () => soloRuns.held,
      }),
      new QueueConsumer(this.#suspects, broker, alone, this.#partsFor(this.#suspects)),
    ];
  }

  #partsFor({ name }: ConsumedQueue): QueueConsumerParts {
    const { overruns, calm, skew } = this.parts;
    return { countOverdue: () => overruns.keeping(name), calm, onReceived: (delivery) => skew.observe(delivery) };
  }

  #run(delivery: Delivery): Promise<void> | undefined {
    const { maxCrashes } = this.queue;
    const { processor, settler, endedAttempts, skew } = this.parts;
    const before = delivery.redelivered ? endedAttempts.take(delivery) : undefined;
    if (before !== undefined) return this.#settleEnded(delivery, before);
    if (this.#isToIsolate(delivery)) {
      const attempt = processor.withoutRunning(delivery, INTERRUPTED);
      return settler.isolate(delivery, attempt, {
        crashes: crashesBeforeIsolation(delivery, maxCrashes),
        acquittals: 0,
      });
    }
    if (skew.isToAsk(delivery)) return this.#askBroker(delivery);
    const attempt = processor.process(delivery);
    return attempt instanceof Promise
      ? attempt.then((ended) => this.#settle(delivery, ended, this.#home))
      : this.#settle(delivery, attempt, this.#home);
  }

  /** What cannot be read is not run, so it cannot kill. */
  #isToIsolate(delivery: Delivery): boolean {
    return isSuspect(delivery, this.queue.maxCrashes) && delivery.properties.unreadable === undefined;
  }

  /** It has ended here already, and the channel died before that could be settled. */
  #settleEnded(delivery: Delivery, { outcome, isCopied, ...times }: EndedAttempt): Promise<void> | undefined {
    const { processor, settler } = this.parts;
    if (!isCopied) return settler.settle(delivery, processor.withoutRunning(delivery, outcome, times));
    delivery.ack();
    return undefined;
  }

  async #runAlone(delivery: Delivery): Promise<void> {
    const { endedAttempts, alibis } = this.parts;
    // It may come as a copy of what this process had before.
    const before = endedAttempts.take(delivery);
    if (before !== undefined) return this.#settleEnded(delivery, before);
    const stage = await this.#stageOf(delivery);
    const step = nextStep(delivery, stage, this.queue.maxCrashes);
    if (!delivery.live) return;
    if (step.kind === 'judge') return this.#judge(delivery, step);
    if (step.kind === 'run') return this.#beginAlone(delivery, step.unlessUnmarked);
    // The process that ran it may be alive, and its event loop blocked: until that ends, the task runs nowhere else.
    const isRunning = stage === 'beside' && (await alibis.isRunning(delivery));
    if (isRunning && (await alibis.survived(delivery)) === undefined) delivery.requeue();
    else await this.#renew(delivery, step);
  }

  async #beginAlone(delivery: Delivery, unlessUnmarked: boolean): Promise<void> {
    const { alibis, marks, soloRuns, skew } = this.parts;
    if (skew.isToAsk(delivery)) return this.#askBroker(delivery);
    const marked: TrialMark[] = [];
    const mark = async (stage: TrialMark): Promise<boolean> => {
      const isMarked = await marks.set(delivery, stage);
      if (isMarked) marked.push(stage);
      return isMarked;
    };
    const solo = await soloRuns.begin(soloTerms(delivery), () => mark('beside'));
    // The worker stops.
    if (solo === undefined) return void delivery.requeue();
    const ended = await alibis.watch(delivery);
    const isMarked = await mark(solo.isAlone ? 'begun' : 'beside');
    if (delivery.live && (isMarked || !unlessUnmarked)) return this.#runMarked(delivery, ended, solo, marked);
    ended();
    solo.end();
    if (!delivery.live) return;
    return this.#judge(delivery, { crashes: this.queue.maxCrashes, acquittals: acquittalsOf(delivery) });
  }

  async #runMarked(delivery: Delivery, ended: () => void, solo: SoloRun, marked: readonly TrialMark[]): Promise<void> {
    const { marks } = this.parts;
    const attempt = await this.#processAlone(delivery, ended, solo);
    // Of a delivery that was lost, the marks stay for the verdict.
    const isToUnmark = delivery.live;
    const end = async (): Promise<void> => {
      if (isToUnmark) await Promise.all(marked.map((stage) => marks.remove(delivery, stage)));
      // Not before: a death that another task causes would count.
      solo.end();
    };
    if (attempt.outcome.kind === 'completed') {
      // A kill between its end and its acknowledgement runs it twice: nothing comes between them.
      await this.#settle(delivery, attempt, this.#suspects);
      return end();
    }
    // What is given back has killed nobody.
    await end();
    // Given back as a fresh copy: before RabbitMQ 4.3, what is given back counts as a death.
    return attempt.outcome.kind === 'interrupted'
      ? this.#renew(delivery, { crashes: crashesBefore(delivery), acquittals: acquittalsOf(delivery) }, attempt)
      : this.#settle(delivery, attempt, this.#suspects);
  }

  /** Only a bug of Warren throws here. Without this, no other task of the process would count as alone any more. */
  async #processAlone(delivery: Delivery, ended: () => void, solo: SoloRun): Promise<Attempt> {
    try {
      return await this.parts.processor.process(delivery);
    } catch (bug) {
      solo.end();
      throw bug;
    } finally {
      ended();
    }
  }

  #askBroker(delivery: Delivery): Promise<void> {
    const { processor, settler } = this.parts;
    return settler.askBroker(delivery, processor.withoutRunning(delivery, INTERRUPTED));
  }

  async #stageOf(delivery: Delivery): Promise<TrialStage> {
    const { marks, alibis } = this.parts;
    const stage = await marks.stageOf(delivery);
    // The process that ran it is alive, and its event loop is blocked: the verdict waits on, and the task runs nowhere else.
    return stage === 'judged' && (await alibis.isRunning(delivery)) ? 'begun' : stage;
  }

  /** Marks of the copy before expire: they are not looked up again. */
  #renew(
    delivery: Delivery,
    suspicion: Suspicion,
    attempt = this.parts.processor.withoutRunning(delivery, INTERRUPTED),
  ): Promise<void> {
    return this.parts.settler.isolate(delivery, attempt, suspicion);
  }

  /** Waits for the sign of a survivor. A death while it waits shows that workers die without this task, too. */
  async #judge(delivery: Delivery, { crashes, acquittals }: Suspicion): Promise<void> {
    const { processor, settler, alibis, marks } = this.parts;
    await marks.set(delivery, 'judged');
    const survived = acquittals < MAX_ACQUITTALS ? await alibis.survived(delivery) : false;
    if (survived === undefined) {
      // A worker that stops is no death.
      if (delivery.live) await marks.remove(delivery, 'judged');
      delivery.requeue();
    } else if (survived) {
      await this.#renew(delivery, { crashes: this.queue.maxCrashes - 1, acquittals: acquittals + 1 });
    } else await settler.settle(delivery, processor.withoutRunning(delivery, { kind: 'crash-looped', crashes }));
  }

  /** A handler that ignores its timeout keeps its slot for a while. */
  #settle(delivery: Delivery, attempt: Attempt, slots: ConsumedQueue): Promise<void> | undefined {
    const { settler, overruns, calm } = this.parts;
    const settling = calm();
    // The loop stood still, and the broker may have given up the connection meanwhile.
    const settled =
      settling === undefined
        ? settler.settle(delivery, attempt)
        : settling.then(() => settler.settle(delivery, attempt));
    if (attempt.outcome.kind !== 'timed-out') return settled;
    return Promise.resolve(settled).then(() => overruns.slotFree(delivery, slots));
  }
}
