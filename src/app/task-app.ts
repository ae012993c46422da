import type { Broker, ServerInfo } from '../broker/broker';
import type { TaskClient } from '../client/task-client';
import type { DeadLetters } from '../dead-letter/dead-letters';
import type { TaskCatalog } from '../decorators/catalog';
import { NotStartedError } from '../errors/configuration-error';
import type { EventBus } from '../events/event-bus';
import type { EventListener, EventName, WarrenEvents } from '../events/task-events';
import type { AppTelemetry } from '../events/telemetry';
import type { AppHealth } from '../health/app-health';
import type { HealthWatch } from '../health/health-watch';
import type { HttpEndpoint, HttpHandler } from '../http/http-endpoint';
import type { RunEnds } from '../schedule/lead/run-ends';
import type { Schedules } from '../schedule/schedules';
import type { QueueDefinition } from '../task/definition';
import { systemClock } from '../time/system-clock';
import type { Topology } from '../topology/topology';
import type { Worker } from '../worker/worker';
import type { ResolvedAppOptions } from './app-options';
import { connectBroker } from './connect-broker';
import type { Ticking } from './schedule-wiring';
import { stopOnSignals } from './stop-signals';

/** What an app is made of. */
export interface TaskAppParts {
  readonly options: ResolvedAppOptions;
  readonly broker: Broker;
  readonly events: EventBus;
  readonly catalog: TaskCatalog;
  readonly consumed: readonly QueueDefinition[];
  readonly topology: Topology;
  readonly client: TaskClient;
  readonly deadLetters: DeadLetters;
  /** `undefined` in an app that only enqueues. */
  readonly worker: Worker | undefined;
  readonly runEnds: RunEnds;
  /** `undefined` in an app that only enqueues. */
  readonly ticking: Ticking | undefined;
  readonly schedules: Schedules;
  readonly lifecycle: AppLifecycle;
  readonly health: HealthWatch;
  readonly http: HttpEndpoint;
  readonly telemetry: AppTelemetry | undefined;
}

export type AppState = 'created' | 'starting' | 'started' | 'stopping' | 'stopped';

/** The app's state, shared with the parts that refuse work outside of it. */
export class AppLifecycle {
  state: AppState = 'created';
  /** Whether the topology stands: from then on, tasks may run. */
  applied = false;

  /** @throws NotStartedError when no task can be running: one that is may enqueue, while others still start or stop. */
  assertReady(action: string): void {
    if (!this.applied || this.state === 'stopped') throw new NotStartedError(action, this.state);
  }
}

/**
 * Tasks of one process: enqueues, runs them, and looks after dead letters.
 *
 * created → starting → started → stopping → stopped; starting → stopped when it fails; starting → stopping when it is
 * stopped meanwhile. An app starts once.
 */
export class TaskApp {
  #stopped: Promise<void> | undefined;
  #unlisten: () => void = () => undefined;
  #callStop: () => void = () => undefined;
  readonly #stopCalled = new Promise<void>((resolve) => {
    this.#callStop = resolve;
  });

  // Truly private: the options hold the URL, and `console.log(app)` must not show a password.
  readonly #parts: TaskAppParts;

  /** @internal Made by `createTaskApp`. */
  constructor(parts: TaskAppParts) {
    this.#parts = parts;
  }

  /** @internal For the test app, which looks into queues. */
  get broker(): Broker {
    return this.#parts.broker;
  }

  /** Enqueues tasks. */
  get client(): TaskClient {
    return this.#parts.client;
  }

  /** Counts, lists, replays and discards what finally failed. */
  get deadLetters(): DeadLetters {
    return this.#parts.deadLetters;
  }

  /** Adds, changes, triggers and lists schedules. */
  get schedules(): Schedules {
    return this.#parts.schedules;
  }

  /** @internal For the test app: whether something is on its way that needs no time. */
  get busy(): boolean {
    return this.running > 0 || this.#parts.ticking?.busy === true;
  }

  /** The tasks and queues of this app, resolved. */
  get catalog(): TaskCatalog {
    return this.#parts.catalog;
  }

  /** The queues whose tasks this app runs; empty in an app that only enqueues. */
  get consumedQueues(): readonly QueueDefinition[] {
    return this.#parts.consumed;
  }

  /** What this app wants to stand on the broker; print it with `formatTopology`. */
  get topology(): Topology {
    return this.#parts.topology;
  }

  get state(): AppState {
    return this.#parts.lifecycle.state;
  }

  /** The broker's product and version; known once started. */
  get server(): ServerInfo {
    return this.#parts.broker.server;
  }

  /** Where the broker is, without credentials: the host that the app is connected to, before that all it may connect to. */
  get address(): string {
    return this.#parts.broker.address;
  }

  /** Tasks that run now. */
  get running(): number {
    return this.#parts.worker?.running ?? 0;
  }

  /** The port of the HTTP endpoint; `undefined` while it does not listen. */
  get httpPort(): number | undefined {
    return this.#parts.http.port;
  }

  /**
   * How the app is, as far as is known at this moment: whether it is alive, whether it can do its work, and why not. The
   * broker is asked as well, every 8 s while somebody asks here; its answers are known the next time.
   */
  health(): AppHealth {
    return this.#parts.health.look();
  }

  /**
   * Adds a path to the HTTP endpoint, beside `/live` and `/ready`. Where the option `http` is off, nobody can ask for it.
   * @returns the function that removes it.
   * @throws ConfigurationError when the path is taken, or is none.
   *
   * @example
   * ```ts
   * app.serve('/version', () => ({ contentType: 'text/plain', body: '1.4.2' }));
   * ```
   */
  serve(path: string, handler: HttpHandler): () => void {
    return this.#parts.http.add(path, handler);
  }

  /** Adds a listener for an event and returns the function that removes it. What a listener throws is an event of its own. */
  on<E extends EventName>(event: E, listener: EventListener<E>): () => void {
    return this.#parts.events.on(event, listener);
  }

  /** Resolves with the next event of this name (that passes the test). */
  once<E extends EventName>(event: E, test?: (event: WarrenEvents[E]) => boolean): Promise<WarrenEvents[E]> {
    return this.#parts.events.once(event, test);
  }

  /**
   * Connects, declares the topology and begins to consume. When it rejects, everything is closed again. When the app is
   * stopped meanwhile, by a signal or by `stop()`, it resolves with that stop; `state` is then `stopped`.
   *
   * @throws ConnectionFailedError, TopologyConflictError, TopologyMissingError, QueueMissingError
   * @throws HttpListenError when the HTTP endpoint cannot listen.
   * @throws ConnectionClosedError when the connection is lost again before all of that is done.
   * @throws NotStartedError when the app was started before.
   */
  async start(): Promise<void> {
    const { lifecycle, options, worker } = this.#parts;
    if (lifecycle.state !== 'created') throw new NotStartedError('start the app', lifecycle.state);
    lifecycle.state = 'starting';
    // Before anything else: a deploy may be taken back while it starts, and the first tasks may run by then.
    if (options.handleSignals ?? worker !== undefined) this.#unlisten = stopOnSignals(() => this.stop());
    try {
      this.#parts.telemetry?.start?.();
      // A broker that went silent lets a stop not wait for what it still owes to the start.
      await Promise.race([this.#begin(), this.#stopCalled]);
    } catch (error) {
      // What a stop has closed fails, of course.
      if (this.#stopped !== undefined) return this.#stopped;
      await this.#undoStart();
      throw error;
    }
    if (this.#stopped !== undefined) return this.#stopped;
    lifecycle.state = 'started';
  }

  /** Of a start that failed: also ends the consumers that were there before another one could not be. */
  async #undoStart(): Promise<void> {
    const { lifecycle, broker } = this.#parts;
    this.#unlisten();
    lifecycle.state = 'stopping';
    if (lifecycle.applied) await this.drain();
    lifecycle.state = 'stopped';
    await broker.close();
    await this.#endWatch();
  }

  /** The steps of a start; none begins after a stop. */
  async #begin(): Promise<void> {
    const { lifecycle, broker, topology, options, worker, ticking, health, http } = this.#parts;
    // First: a process that waits for its broker is alive and not ready, and says so.
    health.start();
    await http.open();
    if (this.#stopped !== undefined) return;
    await this.#connect();
    if (this.#stopped !== undefined) return;
    await broker.applyTopology(topology, options.topology);
    if (this.#stopped !== undefined) return;
    lifecycle.applied = true;
    await worker?.start();
    if (this.#stopped !== undefined) return;
    await ticking?.start();
  }

  /** Takes no new tasks; running ones go on. */
  async pause(): Promise<void> {
    await this.#parts.worker?.pause();
  }

  /** Takes new tasks again. */
  async resume(): Promise<void> {
    this.#parts.lifecycle.assertReady('resume');
    await this.#parts.worker?.resume();
  }

  /**
   * Takes no new tasks for good, and waits for running ones as `stop` does. The client goes on until `stop`: what a web
   * server still answers may enqueue. Never rejects; a second call waits for the first.
   */
  async drain(): Promise<void> {
    const { lifecycle, options, worker, ticking } = this.#parts;
    if (lifecycle.state === 'started') lifecycle.state = 'stopping';
    if (lifecycle.state === 'stopping') await Promise.all([ticking?.stop(), worker?.stop(options.stopTimeoutMs)]);
  }

  /**
   * Stops: takes no new tasks, waits for running ones up to `stopTimeout`, gives the rest back to their queues without
   * costing an attempt, and closes every connection. Never rejects; a second call waits for the first.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    this.#callStop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { lifecycle, broker } = this.#parts;
    this.#unlisten();
    if (lifecycle.state === 'starting') lifecycle.state = 'stopping';
    await this.drain();
    await this.#parts.runEnds.settled();
    lifecycle.state = 'stopped';
    await broker.close();
    await this.#endWatch();
  }

  async #endWatch(): Promise<void> {
    this.#parts.health.stop();
    await this.#parts.http.close();
    this.#parts.telemetry?.stop();
  }

  #connect(): Promise<void> {
    const { broker, options, events, lifecycle } = this.#parts;
    return connectBroker(broker, {
      waitMs: options.waitForBrokerMs,
      clock: options.clock ?? systemClock,
      random: Math.random,
      wanted: () => lifecycle.state === 'starting',
      stopCalled: this.#stopCalled,
      onWaiting: (error) => {
        const { address } = error;
        events.emit('connection:changed', {
          name: broker.publishingConnection,
          state: 'connecting',
          address,
          error,
          fastPath: undefined,
        });
      },
    });
  }
}
