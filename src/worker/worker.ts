import type { Broker } from '../broker/broker';
import type { EventBus } from '../events/event-bus';
import type { TaskEvent } from '../events/task-events';
import type { QueueSlots } from '../events/telemetry';
import type { QueueDefinition } from '../task/definition';
import type { Clock } from '../time/clock';
import { ackLimit, DEFAULT_ACK_TIMEOUT_MS } from '../topology/ack-timeout';
import type { QueueConsumer } from './queue-consumer';
import { QueueRunner, type QueueRunnerParts } from './queue-runner';

export interface WorkerOptions extends QueueRunnerParts {
  readonly broker: Broker;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly queues: readonly QueueDefinition[];
}

/** How long interrupted tasks have for their settlement, in milliseconds. */
const SETTLE_TIMEOUT_MS = 5_000;
/** How long a stop waits for the broker's answers to its cancels, in milliseconds; without them, the closing channel gives everything back. */
const CANCEL_TIMEOUT_MS = 2_000;

/**
 * Runs the tasks of some queues.
 *
 * idle → running ⇄ paused → stopping → stopped; idle → stopping when it is stopped while it starts. Stopping takes no
 * new work, waits for running tasks up to the deadline, then interrupts the rest: they go back to their queues and keep
 * their attempt.
 */
export class Worker {
  readonly #consumers: readonly QueueConsumer[];
  #state: 'idle' | 'running' | 'paused' | 'stopping' | 'stopped' = 'idle';
  #stopped: Promise<void> | undefined;

  constructor(private readonly options: WorkerOptions) {
    this.#consumers = options.queues.flatMap((queue) => new QueueRunner(queue, options).consumers(options.broker));
  }

  get state(): string {
    return this.#state;
  }

  /** One for each queue, and one for its suspects. */
  get consumers(): readonly QueueConsumer[] {
    return this.#consumers;
  }

  /** Tasks that run now. */
  get running(): number {
    return this.#consumers.reduce((sum, consumer) => sum + consumer.running, 0);
  }

  /** Some of the attempts that run now. */
  get runningTasks(): readonly TaskEvent[] {
    return this.options.processor.running();
  }

  /** What each home queue runs now; its queue of suspects has a slot of its own, which is not counted. */
  get slots(): readonly QueueSlots[] {
    const names = this.#names();
    const runningMs = this.options.processor.runningMs();
    return this.#consumers
      .filter(({ name }) => names.includes(name))
      .map(({ name, slots, running }) => ({ queue: name, slots, running, runningMs: runningMs.get(name) ?? 0 }));
  }

  async start(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.start()));
    // Stopped while the broker answered.
    if (this.#stopped !== undefined) return;
    this.#state = 'running';
    this.options.events.emit('worker:started', { queues: this.#names() });
    this.#warnOfAckTimeouts();
  }

  /** Takes no more deliveries; running tasks go on. Calling it twice does nothing more. */
  async pause(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    await Promise.all(this.#consumers.map((consumer) => consumer.pause()));
    this.options.events.emit('worker:paused', { queues: this.#names() });
  }

  async resume(): Promise<void> {
    if (this.#state !== 'paused') return;
    await Promise.all(this.#consumers.map((consumer) => consumer.start()));
    this.#state = 'running';
    this.options.events.emit('worker:resumed', { queues: this.#names() });
  }

  /** Stops, as described above. A second call waits for the first. */
  stop(deadlineMs: number): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { events, processor, overruns, alibis, soloRuns } = this.options;
    this.#state = 'stopping';
    events.emit('worker:stopping', { running: this.running, deadlineMs });
    overruns.stop();
    alibis.stop();
    soloRuns.stop();
    // Not awaited before the deadline runs: a broker that went silent would take its own time for the cancels.
    const paused = Promise.all(this.#consumers.map((consumer) => consumer.pause()));
    await this.#drained(deadlineMs);
    const interrupted = processor.interruptAll();
    if (interrupted > 0) await this.#drained(SETTLE_TIMEOUT_MS);
    await this.#atMost(CANCEL_TIMEOUT_MS, paused);
    this.#state = 'stopped';
    events.emit('worker:stopped', { interrupted });
  }

  /**
   * What the broker's own setting is, AMQP does not tell: this is said of its default. That every task before one in the
   * prefetch takes all of its time is not worth a warning.
   */
  #warnOfAckTimeouts(): void {
    const { broker, queues, events, longestUnsettledMs } = this.options;
    for (const queue of queues) {
      const longestMs = longestUnsettledMs({ ...queue, prefetch: queue.concurrency });
      if (
        !broker.capabilities.isServer ||
        ackLimit(broker.server.version, queue.type) !== 'by-broker' ||
        longestMs <= DEFAULT_ACK_TIMEOUT_MS
      )
        continue;
      events.emit('worker:ack-timeout', {
        queue: queue.name,
        longestMs: Number.isFinite(longestMs) ? longestMs : undefined,
        brokerDefaultMs: DEFAULT_ACK_TIMEOUT_MS,
      });
    }
  }

  /** Waits until no task runs, but not longer than `limitMs`. */
  #drained(limitMs: number): Promise<void> {
    return this.#atMost(limitMs, Promise.all(this.#consumers.map((consumer) => consumer.idle())));
  }

  /** Waits until it has ended, however it did, but not longer than `limitMs`. */
  #atMost(limitMs: number, work: Promise<unknown>): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = this.options.clock.schedule(resolve, limitMs);
      const ended = (): void => {
        timer.cancel();
        resolve();
      };
      work.then(ended, ended);
    });
  }

  #names(): readonly string[] {
    return this.options.queues.map(({ name }) => name);
  }
}
