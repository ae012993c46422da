import type { Delivery } from '../broker/broker';
import { Bag } from '../collections/bag';
import type { PayloadProblem } from '../errors/enqueue-errors';
import { HandlerUnavailableError } from '../errors/task-errors';
import { inOwnContext } from '../events/async-context';
import type { EventBus } from '../events/event-bus';
import type { Logger } from '../events/logger';
import type { TaskEvent } from '../events/task-events';
import type { TaskTracer } from '../events/tracer';
import type { Decoded } from '../message/codec';
import { readEnvelope } from '../message/envelope';
import { elapsedMs, readyAt } from '../message/instants';
import type { PayloadResult } from '../message/payload/payload-check';
import { unreadableProblems } from '../message/unreadable-headers';
import type { IncomingMessage } from '../message/wire';
import type { TaskInvocation } from '../middleware/middleware';
import { describeValue } from '../options/describe-value';
import type { TaskOutcome } from '../settlement/outcome';
import type { TaskDefinition } from '../task/definition';
import type { TaskSender } from '../task/task-methods';
import type { Clock } from '../time/clock';
import type { Attempt } from './attempt';
import type { ClockSkew } from './clock-skew';
import type { Dispatcher } from './dispatcher';
import type { HandlerResolver } from './handler-resolver';
import type { Overruns } from './overruns';
import { RunningTask } from './running-task';

/** A task with everything that is made once for it, not once a message. */
export interface PreparedTask {
  readonly definition: TaskDefinition;
  /** Turns decoded JSON into the handler's payload. Answers at once wherever the contract allows. */
  readonly check: (value: unknown) => PayloadResult | Promise<PayloadResult>;
  /** The middleware around a call that the resolver makes itself; then no instance is asked for. */
  readonly bound?: TaskInvocation;
  /** The middleware around the handler's method. */
  readonly invocationOf: (instance: object) => TaskInvocation;
}

export interface DeliveryProcessorOptions {
  readonly dispatcher: Dispatcher<PreparedTask>;
  readonly decode: (message: IncomingMessage) => Decoded;
  readonly resolver: HandlerResolver;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly newId: () => string;
  /** @defaultValue nothing is traced */
  readonly tracer?: TaskTracer | undefined;
  /** What handlers log to, each line with its task. @defaultValue silence */
  /** What handlers enqueue with. */
  readonly sender?: TaskSender | undefined;
  readonly logger?: Logger;
  readonly overruns: Overruns;
  readonly skew: ClockSkew;
  /**
   * Is called when an attempt has run for so long that it may have blocked the event loop until now.
   * @param cause - the attempt, where its handler has not waited for anything in that time. @defaultValue nothing
   */
  readonly onLongTurn?: (cause: TaskEvent | undefined) => void;
}

/** An attempt as long as this may have blocked the event loop. */
const LONG_TURN_MS = 2_000;
/** Attempts that are named beside a block of the event loop. */
const MAX_NAMED = 10;

/** A payload that turned out not to fit while its attempt was running. */
class Rejected {
  readonly #problems: readonly PayloadProblem[];

  constructor(problems: readonly PayloadProblem[]) {
    this.#problems = problems;
  }

  /** By the private field: `instanceof` would ask a proxy that a handler threw, and proxies can throw. */
  static problemsIn(thrown: unknown): readonly PayloadProblem[] | undefined {
    return typeof thrown === 'object' && thrown !== null && #problems in thrown ? thrown.#problems : undefined;
  }
}

/** Runs deliveries: decode, find, validate, resolve, call. Decides nothing and settles nothing. */
export class DeliveryProcessor {
  readonly #running = new Bag<RunningTask>();

  constructor(private readonly options: DeliveryProcessorOptions) {}

  /** Attempts that run now. */
  get runningCount(): number {
    return this.#running.size;
  }

  /** Ends every running attempt as interrupted. @returns how many there were. */
  interruptAll(): number {
    const { size } = this.#running;
    // Each on its own: what listens to a signal is called at once, and may set its context.
    for (const task of this.#running) inOwnContext(interrupt, task);
    return size;
  }

  /** What the attempts that run now have taken so far, by their home queues, in milliseconds. */
  runningMs(): ReadonlyMap<string, number> {
    const now = this.options.clock.now();
    const taken = new Map<string, number>();
    for (const { queue, startedAt } of this.#running) {
      taken.set(queue, (taken.get(queue) ?? 0) + Math.max(0, now - startedAt));
    }
    return taken;
  }

  /** Some of the attempts that run now. */
  running(): readonly TaskEvent[] {
    const named: TaskEvent[] = [];
    for (const task of this.#running) if (named.length < MAX_NAMED) named.push(eventOf(task));
    return named;
  }

  /**
   * The attempt of a delivery that is not run: its outcome is known before.
   * @param times - when it ran, where it did. @defaultValue now
   */
  withoutRunning(
    delivery: Delivery,
    outcome: TaskOutcome,
    times?: { readonly startedAt: number; readonly endedAt: number },
  ): Attempt {
    const { clock, dispatcher, newId, tracer } = this.options;
    const envelope = readEnvelope(delivery);
    const { queue } = delivery;
    const id = envelope.id ?? newId();
    const definition = dispatcher.find(queue, envelope)?.definition;
    const now = clock.now();
    const trace = tracer?.attempt({ message: delivery, envelope, id, queue, definition }, false);
    const { startedAt, endedAt } = times ?? { startedAt: now, endedAt: now };
    return { outcome, definition, message: delivery, envelope, id, queue, startedAt, endedAt, trace };
  }

  /** Never rejects. Makes a promise only where something has to be waited for: this runs for every message. */
  process(delivery: Delivery): Attempt | Promise<Attempt> {
    const { clock, dispatcher, newId, tracer, logger, sender } = this.options;
    const startedAt = clock.now();
    const envelope = readEnvelope(delivery);
    const id = envelope.id ?? newId();
    const { queue } = delivery;
    const task = dispatcher.find(queue, envelope);
    const definition = task?.definition;
    const trace = tracer?.attempt({ message: delivery, envelope, id, queue, definition }, true);
    const ended = (outcome: TaskOutcome, endedAt = clock.now()): Attempt => {
      trace?.end(outcome);
      return { outcome, definition, message: delivery, envelope, id, queue, startedAt, endedAt, trace };
    };
    if (
      envelope.expiresAt !== undefined &&
      this.options.skew.isProvedExpired(delivery, envelope.expiresAt, startedAt)
    ) {
      return ended({ kind: 'rejected', reason: 'expired', problems: [] });
    }
    // Whichever version knows the task: none could read them.
    if (delivery.properties.unreadable !== undefined) {
      return ended({ kind: 'rejected', reason: 'undecodable', problems: unreadableProblems(delivery) });
    }
    // Before its body: what cannot be read here may be fine for the version that knows the task.
    if (task === undefined) return ended({ kind: 'unknown-task', task: envelope.type });
    const decoded = this.options.decode(delivery);
    if (!decoded.ok) return ended({ kind: 'rejected', reason: 'undecodable', problems: decoded.problems });
    const running = new RunningTask(id, queue, task.definition, envelope, delivery, startedAt, trace, logger, sender);
    const outcome = this.#run(running, task, decoded.value);
    const now = clock.now();
    if (now - startedAt >= LONG_TURN_MS) this.options.onLongTurn?.(eventOf(running));
    if (!(outcome instanceof Promise)) return ended(this.#left(running, outcome), now);
    return outcome.then((later) => {
      const endedAt = clock.now();
      if (endedAt - startedAt >= LONG_TURN_MS) this.options.onLongTurn?.(undefined);
      return ended(this.#left(running, later), endedAt);
    });
  }

  #run(running: RunningTask, task: PreparedTask, value: unknown): TaskOutcome | Promise<TaskOutcome> {
    const { clock, events } = this.options;
    const { trace } = running;
    const work = () => this.#work(running, task, value);
    this.#running.add(running);
    return running.run(clock, trace === undefined ? work : () => trace.run(work), () => {
      this.options.overruns.add(running);
      events.emit('task:timed-out', { ...eventOf(running), timeoutMs: task.definition.timeoutMs });
    });
  }

  #left(running: RunningTask, outcome: TaskOutcome): TaskOutcome {
    this.#running.remove(running);
    return withoutRejection(outcome);
  }

  /** Everything within the task's timeout. Stays synchronous as long as nothing has to be waited for. */
  #work(running: RunningTask, task: PreparedTask, value: unknown): unknown {
    const checked = task.check(value);
    return checked instanceof Promise
      ? checked.then((result) => this.#call(running, task, result))
      : this.#call(running, task, checked);
  }

  #call(running: RunningTask, task: PreparedTask, checked: PayloadResult): unknown {
    if (!checked.ok) throw new Rejected(checked.problems);
    if (task.bound !== undefined) return this.#invoke(running, task.bound, checked.payload);
    const instance = this.#resolve(task);
    return instance instanceof Promise
      ? instance.then((resolved) => this.#invoke(running, task.invocationOf(resolved), checked.payload))
      : this.#invoke(running, task.invocationOf(instance), checked.payload);
  }

  #resolve({ definition }: PreparedTask): object | Promise<object> {
    const unavailable = (cause: unknown) =>
      new HandlerUnavailableError(definition.name, definition.handler.label, { cause });
    try {
      const instance: unknown = this.options.resolver.get(definition.handler.type);
      if (!(instance instanceof Promise)) return instanceOf(instance);
      return instance.then(instanceOf).catch((error: unknown) => Promise.reject(unavailable(error)));
    } catch (error) {
      throw unavailable(error);
    }
  }

  #invoke(running: RunningTask, invocation: TaskInvocation, payload: unknown): unknown {
    const { clock, events } = this.options;
    if (events.has('task:started')) {
      const { name, id, queue, attempt, traceId } = running;
      const waitedMs = elapsedMs(readyAt(running.message), clock.now());
      // Spelled out: for every message, and a spread costs ten times as much.
      events.emit('task:started', { task: name, id, queue, attempt, traceId, waitedMs });
    }
    return invocation(payload, running);
  }
}

const interrupt = (task: RunningTask): void => task.interrupt();

const eventOf = ({ name, id, queue, attempt, traceId }: RunningTask): TaskEvent => ({
  task: name,
  id,
  queue,
  attempt,
  traceId,
});

/** A container that does not know a class may answer `undefined` instead of throwing. */
function instanceOf(resolved: unknown): object {
  if (typeof resolved === 'object' && resolved !== null) return resolved;
  throw new TypeError(`resolver.get() gave ${describeValue(resolved)}, and must give an instance of the class`);
}

/** A payload that does not fit is no failure of the handler: it was never called. */
function withoutRejection(outcome: TaskOutcome): TaskOutcome {
  const problems = outcome.kind === 'failed' ? Rejected.problemsIn(outcome.error) : undefined;
  return problems === undefined ? outcome : { kind: 'rejected', reason: 'invalid-payload', problems };
}
