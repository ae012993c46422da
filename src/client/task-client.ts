import type { Broker, OnPublishEnd, PublishOptions } from '../broker/broker';
import { ConfigurationError } from '../errors/configuration-error';
import { describeThrown } from '../errors/describe-thrown';
import { InvalidOptionsError, UnknownTaskError } from '../errors/enqueue-errors';
import type { EventBus } from '../events/event-bus';
import { type SendTrace, type TaskTracer, withTraceHeaders } from '../events/tracer';
import { traceIdOf } from '../message/trace-context';
import type { OutgoingMessage } from '../message/wire';
import { describeValue } from '../options/describe-value';
import { isOptions } from '../options/option-reader';
import type { ClassType } from '../task/class-type';
import { isTaskContract, type TaskContract } from '../task/contract';
import type { EnqueueOptions } from '../task/enqueue-options';
import { queueNameProblem } from '../task/names';
import type {
  EnqueueArguments,
  EnqueuedTask,
  EnqueueItem,
  EnqueueItems,
  EnqueueResult,
  TaskMethods,
  TaskSender,
} from '../task/task-methods';
import type { Clock } from '../time/clock';
import { EnqueueManyError } from './enqueue-many-error';
import { isAsyncIterable, ManyItems } from './many-items';
import { methodsOfClass } from './methods-of-class';
import { type OutgoingContext, type OutgoingTask, outgoingTask } from './outgoing-task';
import type { EncodedPayload, SentTask } from './sent-task';
import type { Window } from './window';

export interface TaskClientOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly context: OutgoingContext;
  /** Makes what is needed once for a contract. @throws ConfigurationError when its payload class cannot be validated. */
  readonly prepare: (contract: TaskContract) => SentTask;
  /** The tasks of a decorated class by method name. @throws ConfigurationError */
  readonly contractsOf: (type: ClassType) => ReadonlyMap<string, TaskContract>;
  /** Throws while enqueuing is not possible: before `start()` and after `stop()`. */
  readonly assertReady: () => void;
  readonly events: EventBus;
  /** @defaultValue nothing is traced */
  readonly tracer?: TaskTracer | undefined;
}

/** A payload takes a place in the window of `enqueueMany`, and another for each so many bytes: 16 MiB in all, and one more payload. */
const BYTES_A_PLACE = 16 * 1024;

/** Enqueues tasks: validated before they are sent, and stored by the broker before the promise resolves. */
export class TaskClient implements TaskSender {
  readonly #sent = new Map<TaskContract, SentTask>();
  readonly #methods = new Map<ClassType, unknown>();
  #onNewContract: ((contract: TaskContract) => void) | undefined;

  constructor(private readonly options: TaskClientOptions) {}

  /**
   * Enqueues one task. Resolves only when the broker has routed it to a durable queue and confirmed it.
   *
   * @throws InvalidPayloadError, InvalidOptionsError, MessageLimitError: nothing was sent.
   * @throws UnroutableError, NackedError, PublishRefusedError, TooManyWaitingError: it was not stored.
   * @throws PublishTimeoutError, ConnectionClosedError, BrokerBlockedError that was `sent`: whether it was stored is unknown; enqueue it again with the same `id`.
   */
  enqueue<P>(contract: TaskContract<P>, ...[payload, options]: EnqueueArguments<P>): Promise<EnqueuedTask> {
    return this.#enqueue(contract as TaskContract, payload, options);
  }

  /**
   * Enqueues many tasks at once. Each has its own result, in the order given; one that fails does not keep the
   * others from being sent. Items are read as they are sent, a hundred at a time: leave them alone until it resolves.
   *
   * @throws EnqueueManyError when the iterable itself throws: it carries the results of what was read before.
   * @throws InvalidOptionsError when there is nothing to iterate.
   */
  enqueueMany<P>(contract: TaskContract<P>, items: EnqueueItems<P>): Promise<readonly EnqueueResult[]> {
    return this.#enqueueMany(contract as TaskContract, items as EnqueueItems<unknown>);
  }

  /**
   * The tasks of a decorated class, with the types of its methods.
   *
   * @throws ConfigurationError when the class is not decorated correctly.
   *
   * @example
   * ```ts
   * await client.of(EmailTasks).sendVerification({ to: 'ada@example.com', code: '4711' }, { delay: '5m' });
   * ```
   */
  of<T>(type: ClassType<T>): TaskMethods<T> {
    const existing = this.#methods.get(type) ?? this.#methodsOf(type);
    this.#methods.set(type, existing);
    return existing as TaskMethods<T>;
  }

  /** @internal Checks and encodes a payload as `enqueue` would, and sends nothing. */
  async encode(contract: TaskContract, payload: unknown): Promise<EncodedPayload> {
    return this.#sentTask(contract).encode(payload);
  }

  /** @internal For the test app, which declares the queue of a contract before the first task is sent to it. */
  onNewContract(listener: (contract: TaskContract) => void): void {
    this.#onNewContract = listener;
  }

  /** Not an `async` function: its frame would live for as long as the message is on its way. */
  #enqueue(contract: TaskContract, payload: unknown, options: EnqueueOptions | undefined): Promise<EnqueuedTask> {
    let outgoing: OutgoingTask | Promise<OutgoingTask>;
    try {
      this.options.assertReady();
      outgoing = this.#outgoing(contract, payload, options);
    } catch (error) {
      return this.#failed(contract, options?.id, error);
    }
    return outgoing instanceof Promise
      ? outgoing.then(
          (ready) => this.#send(contract, ready),
          (error: unknown) => this.#failed(contract, options?.id, error),
        )
      : this.#send(contract, outgoing);
  }

  /** What waits for the confirm keeps none of `outgoing`: a thousand may wait. */
  #send(contract: TaskContract, outgoing: OutgoingTask): Promise<EnqueuedTask> {
    const { id } = outgoing;
    let onEnd: OnPublishEnd = () => undefined;
    const sent = new Promise<EnqueuedTask>((resolve, reject) => {
      onEnd = (error) => {
        if (error === undefined) return resolve({ id, task: contract.name, queue: contract.queue });
        this.#tellFailed(contract, id, error);
        reject(error);
      };
    });
    try {
      this.#publish(contract, outgoing, onEnd);
    } catch (error) {
      // Of a sampler or a propagator, say: a promise is what was asked for.
      onEnd(error as Error);
    }
    return sent;
  }

  #failed(contract: TaskContract, id: string | undefined, error: unknown): Promise<never> {
    this.#tellFailed(contract, id, error);
    return Promise.reject(error);
  }

  async #enqueueMany(contract: TaskContract, items: EnqueueItems<unknown>): Promise<readonly EnqueueResult[]> {
    this.options.assertReady();
    const task = nameOf(contract);
    const isAsync = isAsyncIterable(task, items);
    const many = new ManyItems((item, window, onResult) => this.#enqueueItem(contract, item, window, onResult));
    try {
      if (isAsync) {
        for await (const item of items as AsyncIterable<EnqueueItem<unknown>>) {
          if (many.mustWait) await many.turn();
          many.add(item);
        }
      } else {
        for (const item of items as Iterable<EnqueueItem<unknown>>) {
          if (many.mustWait) await many.turn();
          many.add(item);
        }
      }
    } catch (cause) {
      throw new EnqueueManyError(task, await many.settled(), cause);
    }
    return many.settled();
  }

  /** Tells its result, without fail. Makes a promise only where something has to be waited for: this runs for each of many. */
  #enqueueItem(
    contract: TaskContract,
    item: EnqueueItem<unknown>,
    window: Window,
    onResult: (result: EnqueueResult) => void,
  ): void {
    let id: string | undefined;
    let places = 1;
    window.enter(places);
    const tell = (result: EnqueueResult): void => {
      onResult(result);
      window.leave(places);
    };
    const failed = (error: unknown): void => {
      this.#tellFailed(contract, id, error);
      tell({ ok: false, id, error: error as Error });
    };
    const publish = (outgoing: OutgoingTask): void => {
      ({ id } = outgoing);
      const more = Math.floor(outgoing.message.body.length / BYTES_A_PLACE);
      window.enter(more);
      places += more;
      this.#publish(contract, outgoing, (error) =>
        error === undefined ? tell({ ok: true, id: outgoing.id }) : failed(error),
      );
    };
    try {
      const options = optionsOf(contract, item);
      id = options?.id;
      const outgoing = this.#outgoing(contract, item.payload, options);
      if (outgoing instanceof Promise) outgoing.then(publish, failed);
      else publish(outgoing);
    } catch (error) {
      failed(error);
    }
  }

  #outgoing(
    contract: TaskContract,
    payload: unknown,
    options: EnqueueOptions | undefined,
  ): OutgoingTask | Promise<OutgoingTask> {
    return outgoingTask(this.#sentTask(contract), payload, options, this.options.context, this.options.clock.now());
  }

  #publish(contract: TaskContract, outgoing: OutgoingTask, onEnd: OnPublishEnd): void {
    const { tracer, events } = this.options;
    if (tracer === undefined && !events.has('task:enqueued')) {
      this.#publishMessage(contract, outgoing, outgoing.message, onEnd);
    } else this.#publishObserved(contract, outgoing, onEnd);
  }

  #publishObserved(contract: TaskContract, outgoing: OutgoingTask, onEnd: OnPublishEnd): void {
    const { tracer, events } = this.options;
    const { name: task, queue } = contract;
    const trace = tracer?.send({ task, queue, delayMs: outgoing.delayMs, message: outgoing.message });
    const message = withTraceHeaders(outgoing.message, trace?.headers);
    if (trace?.end === undefined && !events.has('task:enqueued')) {
      this.#publishMessage(contract, outgoing, message, onEnd);
    } else this.#publishTold(contract, outgoing, message, trace, onEnd);
  }

  #publishTold(
    contract: TaskContract,
    outgoing: OutgoingTask,
    message: OutgoingMessage,
    trace: SendTrace | undefined,
    onEnd: OnPublishEnd,
  ): void {
    const { events } = this.options;
    const { id, delayMs } = outgoing;
    const { name: task, queue } = contract;
    this.#publishMessage(contract, outgoing, message, (error) => {
      trace?.end?.(error && { error });
      if (error === undefined && events.has('task:enqueued')) {
        events.emit('task:enqueued', { task, id, queue, delayMs, traceId: traceIdOf(message.properties.headers) });
      }
      onEnd(error);
    });
  }

  #tellFailed(contract: TaskContract, id: string | undefined, error: unknown): void {
    const { events } = this.options;
    // What is no contract has neither a name nor a queue: a mistake in the code, and thrown as such.
    if (!events.has('enqueue:failed') || !isTaskContract(contract)) return;
    events.emit('enqueue:failed', { task: contract.name, queue: contract.queue, id, error: describeThrown(error) });
  }

  /** The ladder takes any message; whether somebody waits at its other end is looked for once for each queue. */
  #publishMessage(
    contract: TaskContract,
    { delayMs, timeoutMs }: OutgoingTask,
    message: OutgoingMessage,
    onEnd: OnPublishEnd,
  ): void {
    this.options.broker.publisher.send(message, publishOptions(contract.queue, delayMs, timeoutMs), onEnd);
  }

  #sentTask(contract: TaskContract): SentTask {
    const existing = this.#sent.get(contract);
    if (existing !== undefined) return existing;
    if (!isTaskContract(contract)) {
      throw new UnknownTaskError(nameOf(contract), 'Give a contract made by defineTask(), or use client.of(Class).');
    }
    // A contract of another copy of Warren, or one made by hand, has passed no check of this version's.
    const queueIsWrong = queueNameProblem(contract.queue);
    if (queueIsWrong !== undefined) throw new ConfigurationError([`task "${contract.name}": ${queueIsWrong}`]);
    const prepared = this.options.prepare(contract);
    this.#onNewContract?.(contract);
    this.#sent.set(contract, prepared);
    return prepared;
  }

  #methodsOf(type: ClassType): unknown {
    const contracts = this.options.contractsOf(type);
    return methodsOfClass(type, new Map([...contracts].map(([method, contract]) => [method, this.#method(contract)])));
  }

  #method(contract: TaskContract) {
    const enqueue = (payload: unknown, options?: EnqueueOptions) => this.#enqueue(contract, payload, options);
    return Object.assign(enqueue, {
      many: (items: EnqueueItems<unknown>) => this.#enqueueMany(contract, items),
    });
  }
}

function publishOptions(queue: string, delayMs: number, timeoutMs: number | undefined): PublishOptions | undefined {
  if (delayMs > 0) return { requiredQueue: queue, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  return timeoutMs === undefined ? undefined : { timeoutMs };
}

/** What is no contract has no name. */
const nameOf = (contract: TaskContract): string => (isTaskContract(contract) ? contract.name : describeValue(contract));

/** Nearly every item has none. @throws InvalidOptionsError */
function optionsOf(contract: TaskContract, item: EnqueueItem<unknown>): EnqueueOptions | undefined {
  if (!isOptions(item as unknown)) {
    throw new InvalidOptionsError(nameOf(contract), [
      `an item must be an object with a payload and options, got ${describeValue(item)}`,
    ]);
  }
  for (const key in item) {
    if (key === 'payload') continue;
    const { payload: _payload, ...options } = item;
    return options;
  }
  return undefined;
}
