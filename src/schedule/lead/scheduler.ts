import type { Broker, Subscription } from '../../broker/broker';
import { describeThrown } from '../../errors/describe-thrown';
import type { EventBus } from '../../events/event-bus';
import { type TaskTracer, withTraceHeaders } from '../../events/tracer';
import type { Clock, Timer } from '../../time/clock';
import { MINUTE } from '../../time/duration';
import { SCHEDULES_QUEUE } from '../../topology/names';
import { asCarriedOut, type Decision, decide, nextDueAt } from '../decide/decide';
import type { Tick } from '../decide/due';
import { nameClashes } from '../decide/reconcile';
import { tickMessage } from '../decide/tick-message';
import type { ScheduleMessage } from '../state/messages';
import { Inbox } from '../state/received';
import type { ScheduleState } from '../state/state';
import { unusableSchedules } from '../state/unusable-schedules';
import { Leadership } from './leadership';
import type { Presence } from './presence';
import { TakeOver } from './take-over';

export interface SchedulerOptions {
  readonly broker: Broker;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly presence: Presence;
  /** The id of this process. */
  readonly worker: string;
  /** Who enqueues (`app_id`). */
  readonly appId: string;
  readonly newId: () => string;
  /** For how long this process is sure to be the leader after a state of its own was delivered back, in milliseconds. */
  readonly leaseMs: number;
  /** A tick that is late by no more than this does not count as missed: a change of leaders takes time. In milliseconds. */
  readonly graceMs: number;
  /** The clock is looked at this often at least, in milliseconds: timers do not follow a clock that jumps. */
  readonly maxSleepMs: number;
  /** @defaultValue nothing is traced */
  readonly tracer?: TaskTracer | undefined;
  /** Unacknowledged messages. @defaultValue 65,535, the most that AMQP knows: the messages before the state must be delivered first */
  readonly prefetch?: number;
}

/** AMQP counts them in 16 bits. */
const MAX_PREFETCH = 65_535;
/** Messages that one round handles. Each round writes the state once. */
const ROUND = 500;
const TICK_TIMEOUT_MS = 10_000;
/** Share of the prefetch. With so many messages unacknowledged, the take-over does not wait for more. */
const FULL_SHARE = 0.9;
/** Ticks that are published at the same time. */
const TICK_WINDOW = 500;
/** How long after a command its answer stays in the state. */
const QUIET_MS = MINUTE;
/** Delay before the next attempt at a tick that could not be enqueued. */
const REST_MS = 5_000;
/** Delay before a process that failed to lead consumes the queue again. */
const STAND_BACK_MS = 1_000;
const NEWER_FORMAT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;

/**
 * Enqueues the ticks of all schedules while this process is the active consumer of their queue (single active consumer).
 *
 * standby → taking over: a message is delivered, so this process is the active consumer.
 * taking over → leading: the newest state was found (see `TakeOver`), and gets the next fence.
 * leading → standby: the channel ended, or a state that it wrote was not confirmed or not delivered back. It closes its consumer
 * and consumes again a second later.
 * any → stopped.
 *
 * @see docs/decisions/009-schedules-live-in-a-queue.md
 */
export class Scheduler {
  #subscription: Subscription | undefined;
  readonly #inbox = new Inbox();
  #takeOver: TakeOver | undefined;
  #leadership: Leadership | undefined;
  readonly #resting = new Map<string, number>();
  /** What was reported of schedules that cannot be used. */
  #reported: ReadonlyMap<string, string> | undefined;
  #lastCommandAt = 0;
  #working: Promise<void> | undefined;
  #again = false;
  #timer: Timer | undefined;
  #standingBack: Timer | undefined;
  #unlisten: () => void = () => undefined;
  #stopped = false;

  constructor(private readonly options: SchedulerOptions) {}

  /** Whether a round is running. */
  get busy(): boolean {
    return this.#working !== undefined;
  }

  get leading(): boolean {
    return this.#leadership !== undefined;
  }

  /** @throws QueueMissingError, ConnectionFailedError */
  async start(): Promise<void> {
    this.#unlisten = this.options.events.on('subscription:changed', ({ queue, state }) => {
      if (queue === SCHEDULES_QUEUE) this.#subscriptionBecame(state === 'consuming');
    });
    await this.#subscribe();
    // Not awaited: a broker that blocks publishers must not hold up a start.
    void this.options.presence.start();
  }

  /** Stops leading, so that another process can lead. Bounded, never rejects. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#unlisten();
    this.#timer?.cancel();
    this.#standingBack?.cancel();
    await this.#atMost(STOP_TIMEOUT_MS, this.#working ?? Promise.resolve());
    await this.options.presence.leave();
    this.#lose('it stops');
    await this.#subscription?.close();
  }

  async #subscribe(): Promise<void> {
    this.#subscription = await this.options.broker.subscribe({
      queue: SCHEDULES_QUEUE,
      prefetch: this.options.prefetch ?? MAX_PREFETCH,
      // The leader keeps the newest state unacknowledged for as long as it leads.
      ackTimeoutMs: Number.POSITIVE_INFINITY,
      onDelivery: (delivery) => {
        this.#inbox.receive(delivery);
        this.#wake();
      },
    });
  }

  #subscriptionBecame(consuming: boolean): void {
    if (!consuming) this.#lose('its consumer ended');
    // The queue may have been deleted and declared again: its leader then knows no worker.
    else this.options.presence.say().catch(() => undefined);
  }

  #wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      // A message that was delivered after the last round had looked.
      if (this.#again) this.#wake();
    });
  }

  /** Runs one round after the other. Messages that are delivered meanwhile are handled in the next round. */
  async #work(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#round();
      } catch (error) {
        await this.#standBack(STAND_BACK_MS, describeThrown(error).message);
      }
    }
  }

  async #round(): Promise<void> {
    this.#timer?.cancel();
    this.#inbox.dropDead();
    if (this.#leadership?.live === false) this.#lose('its channel ended');
    const leadership = this.#leadership ?? (await this.#tryTakeOver());
    if (leadership !== undefined) await this.#lead(leadership);
  }

  async #tryTakeOver(): Promise<Leadership | undefined> {
    const { broker, clock, worker, presence, newId } = this.options;
    if (this.#inbox.size === 0) return undefined;
    this.#takeOver ??= new TakeOver({ broker, clock, presence, newId });
    // Not the whole prefetch: messages that arrive while the states are compared need room, too.
    const isFull = this.#inbox.size >= (this.options.prefetch ?? MAX_PREFETCH) * FULL_SHARE;
    const step = await this.#takeOver.next(this.#inbox, isFull);
    if (step.kind === 'newer-format') {
      const reason = 'what is known of schedules cannot be read: a newer version of Warren has written it';
      this.options.events.emit('schedules:leading', { leading: false, fence: step.fence, reason });
      return void (await this.#standBack(NEWER_FORMAT_MS, reason));
    }
    if (step.kind === 'wait') {
      if (step.until !== undefined) this.#wakeAt(step.until);
      return undefined;
    }
    // The consumer was lost while the copy was read.
    if (this.#takeOver === undefined || this.#stopped) return undefined;
    this.#takeOver = undefined;
    // States that arrived while the copy was read stay in the inbox.
    this.#inbox.dropStates(step.founding.held);
    this.#leadership = new Leadership({ publisher: broker.publisher, clock, worker }, step.founding);
    this.#reported = undefined;
    this.#tell(this.#leadership, true);
    return this.#leadership;
  }

  async #lead(leadership: Leadership): Promise<void> {
    const { clock, leaseMs, graceMs } = this.options;
    for (const state of this.#inbox.takeStates()) leadership.receive(state);
    const inputs = this.#inbox.takeMessages(ROUND);
    const now = clock.now();
    if (now >= leadership.echoDueAt) throw new Error('what it wrote does not come back');
    for (const [name, until] of this.#resting) if (until <= now) this.#resting.delete(name);
    const resting = new Set(this.#resting.keys());
    const mayTick = leadership.isSure(now, leaseMs);
    // A trigger enqueues a task, so it waits until this process is sure to be the leader.
    const ready = mayTick ? inputs : inputs.filter(({ message }) => message === undefined || !isTrigger(message));
    const messages = ready.flatMap(({ message }) =>
      message === undefined || this.#isForged(message) ? [] : [message],
    );
    if (messages.some(({ kind }) => kind === 'command')) this.#lastCommandAt = now;
    const isQuiet = Math.abs(now - this.#lastCommandAt) > QUIET_MS;
    const decision = decide(leadership.state, { messages, now, graceMs, mayTick, resting, isQuiet });
    const failed = await this.#enqueue(decision.ticks);
    // The leadership was lost meanwhile: the next leader enqueues these ticks again, with the same ids.
    if (this.#leadership !== leadership || !leadership.live) return;
    const state = asCarriedOut(leadership.state, decision, failed);
    if (state.releases !== leadership.state.releases) this.#tellClashes(state);
    this.#tellUnusable(leadership.state, state);
    const isDue = ready.length < inputs.length || nextDueAt(state, resting) <= now;
    const asks = isDue && !mayTick && !leadership.awaitsEcho;
    if (state !== leadership.state || leadership.mustWrite(now) || asks) await leadership.write(state);
    for (const { delivery } of ready) delivery.ack();
    this.#inbox.putBack(inputs.filter((input) => !ready.includes(input)));
    if (ready.length > 0 && this.#inbox.messages.length > 0) this.#again = true;
    this.#tellSkipped(decision);
    this.#sleep(leadership, mayTick);
  }

  /** A goodbye, or a hello with other content, in the name of this process that this process did not send. */
  #isForged(message: ScheduleMessage): boolean {
    const { worker, presence } = this.options;
    if (message.kind === 'bye') return message.worker === worker && !this.#stopped;
    return message.kind === 'hello' && message.worker === worker && !presence.isOwn(message.releaseKey);
  }

  /** @returns the ids of those that could not be enqueued. */
  async #enqueue(ticks: readonly Tick[]): Promise<ReadonlySet<string>> {
    const failed = new Set<string>();
    for (let from = 0; from < ticks.length; from += TICK_WINDOW) {
      const window = ticks.slice(from, from + TICK_WINDOW);
      await Promise.all(window.map((tick) => this.#enqueueOne(tick, failed)));
    }
    return failed;
  }

  async #enqueueOne(tick: Tick, failed: Set<string>): Promise<void> {
    const { broker, clock, events, appId, tracer } = this.options;
    const { id, schedule, at, command } = tick;
    const named = { schedule: schedule.name, task: schedule.task, id };
    const { message, delayMs } = tickMessage(tick, appId, clock.now());
    const { task, queue } = schedule;
    const trace = tracer?.send({ task, queue, delayMs, message, isRoot: true });
    try {
      await broker.publisher.publish(withTraceHeaders(message, trace?.headers), { timeoutMs: TICK_TIMEOUT_MS });
      trace?.end?.();
      events.emit('schedule:ticked', { ...named, at, triggered: command !== undefined });
    } catch (error) {
      trace?.end?.({ error });
      failed.add(id);
      if (command === undefined) this.#resting.set(schedule.name, clock.now() + REST_MS);
      events.emit('schedule:failed', { ...named, error: describeThrown(error) });
    }
  }

  #sleep(leadership: Leadership, mayTick: boolean): void {
    const due = nextDueAt(leadership.state, new Set(this.#resting.keys()));
    // A tick that is due while this process is not sure to be the leader waits for the next state that comes back.
    const wakesForTicks = mayTick || due > this.options.clock.now();
    const { echoDueAt, writeAgainAt } = leadership;
    this.#wakeAt(
      Math.min(wakesForTicks ? due : Number.POSITIVE_INFINITY, echoDueAt, writeAgainAt, ...this.#resting.values()),
    );
  }

  #wakeAt(at: number): void {
    const { clock, maxSleepMs } = this.options;
    const delayMs = Math.min(maxSleepMs, at - clock.now());
    this.#timer?.cancel();
    if (delayMs < Number.POSITIVE_INFINITY) this.#timer = clock.schedule(() => this.#wake(), Math.max(1, delayMs));
  }

  #lose(reason: string): void {
    const leadership = this.#leadership;
    this.#timer?.cancel();
    this.#leadership = undefined;
    this.#takeOver = undefined;
    // Its messages are delivered again, on a new channel, to the next leader, which may be this process.
    this.#inbox.dropDead();
    if (leadership !== undefined) this.#tell(leadership, false, reason);
  }

  /** Closes the consumer, so that another process leads, and consumes again after a while. */
  async #standBack(ms: number, reason: string): Promise<void> {
    this.#lose(reason);
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription === undefined) return;
    await subscription.close();
    this.#standBy(ms);
  }

  #standBy(ms: number): void {
    if (this.#stopped) return;
    this.#standingBack = this.options.clock.schedule(() => {
      this.#subscribe()
        .then(
          () => (this.#stopped ? this.#subscription?.close() : this.options.presence.say()),
          () => this.#standBy(ms),
        )
        .catch(() => undefined);
    }, ms);
  }

  #tell({ state }: Leadership, leading: boolean, reason?: string): void {
    this.options.events.emit('schedules:leading', { leading, fence: state.fence, reason });
  }

  #tellSkipped({ skipped }: Decision): void {
    for (const { name, reason, from, until } of skipped) {
      this.options.events.emit('schedule:skipped', { schedule: name, reason, from, until });
    }
  }

  #tellUnusable(before: ScheduleState, state: ScheduleState): void {
    const isSame = before.unusable === state.unusable && before.releases === state.releases;
    if (isSame && this.#reported !== undefined) return;
    const unusable = unusableSchedules(state);
    for (const { name, origin, problem } of unusable) {
      if (this.#reported?.get(name) !== problem) {
        this.options.events.emit('schedule:unusable', { schedule: name, origin, problem });
      }
    }
    this.#reported = new Map(unusable.map(({ name, problem }) => [name, problem]));
  }

  #tellClashes(state: ScheduleState): void {
    for (const { name, tasks } of nameClashes(state))
      this.options.events.emit('schedule:clashed', { schedule: name, tasks });
  }

  #atMost(ms: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.schedule(resolve, ms);
      void work.finally(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

const isTrigger = (message: ScheduleMessage): boolean =>
  message.kind === 'command' && message.command.kind === 'trigger';
