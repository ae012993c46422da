import { constants } from 'node:os';
import { realElapsed } from '../time/real-timers';
import { SignalBurst } from './signal-burst';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

type OnSignal = (signal: NodeJS.Signals) => void;

/** What is needed of `process`. */
export interface SignalledProcess {
  prependListener(signal: NodeJS.Signals, listener: OnSignal): unknown;
  removeListener(signal: NodeJS.Signals, listener: OnSignal): unknown;
  listenerCount(signal: NodeJS.Signals): number;
  exit(code?: number): unknown;
}

/** Stops an app. Must not reject. */
export type Stop = () => Promise<void>;

/**
 * Stops every app of the process on SIGTERM, SIGINT and SIGHUP. When all have stopped and nobody else listened for the
 * signal, the process ends with code 0; otherwise that is left to whoever listens. A signal that is sent again meanwhile ends
 * the process at once, with 128 + its number; one that only arrives several times counts once.
 *
 * idle → listening: the first app is added. listening → idle: the last one is removed. listening → stopping: a signal.
 * stopping → idle: all have stopped, and the process goes on.
 */
export class StopSignals {
  readonly #stops = new Set<Stop>();
  #burst: SignalBurst | undefined;
  #left = 0;
  #endsProcess = false;
  #listens = false;

  constructor(
    private readonly target: SignalledProcess,
    private readonly now: () => number,
  ) {}

  /** @returns the function that removes it; while its stop is under way, it does nothing. */
  add(stop: Stop): () => void {
    this.#stops.add(stop);
    this.#listen();
    // It came while the others stop already.
    if (this.#burst !== undefined) this.#begin(stop);
    return () => {
      if (this.#burst !== undefined) return;
      this.#stops.delete(stop);
      if (this.#stops.size === 0) this.#unlisten();
    };
  }

  readonly #onSignal: OnSignal = (signal) => {
    this.#burst ??= new SignalBurst(this.now);
    const kind = this.#burst.next();
    if (kind === 'again') this.target.exit(128 + constants.signals[signal]);
    if (kind !== 'first') return;
    this.#endsProcess = this.target.listenerCount(signal) === 1;
    for (const stop of [...this.#stops]) this.#begin(stop);
  };

  #begin(stop: Stop): void {
    this.#left++;
    void stop().then(() => {
      this.#stops.delete(stop);
      if (--this.#left > 0) return;
      this.#burst = undefined;
      if (this.#stops.size === 0) this.#unlisten();
      if (this.#endsProcess) this.target.exit();
    });
  }

  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    // In front: a listener that is meant for one signal alone would be gone already, and the process would end under it.
    for (const signal of SIGNALS) this.target.prependListener(signal, this.#onSignal);
  }

  #unlisten(): void {
    this.#listens = false;
    for (const signal of SIGNALS) this.target.removeListener(signal, this.#onSignal);
  }
}

const signals = new StopSignals(
  {
    prependListener: (signal, listener) => process.prependListener(signal, listener),
    removeListener: (signal, listener) => process.off(signal, listener),
    listenerCount: (signal) => process.listenerCount(signal),
    exit: (code) => process.exit(code),
  },
  realElapsed,
);

/** @returns the function that stops listening. */
export const stopOnSignals = (stop: Stop): (() => void) => signals.add(stop);
