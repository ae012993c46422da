import type { Delivery } from '../broker/broker';
import { HEADER, integerHeader } from '../message/headers';
import type { TrialStage } from './trial-marks';

const MAX_CRASHES_TOLD = 1_000;
/** Lost connections, and deaths among others, that are not held against a suspect. One that ends its worker every time has to end, too. */
export const MAX_ACQUITTALS = 10;

/**
 * Whether a message of a home queue is suspected to kill its workers: one more death over it is too many. Until then it
 * runs as others do, since a lost connection counts as well, and for everything that is out at that moment.
 *
 * Before RabbitMQ 4.3 the count has also what was given back, by a worker that stopped, say. Such a message runs alone
 * too soon, and does it no harm.
 */
export function isSuspect({ deliveryCount }: Delivery, maxCrashes: number): boolean {
  return deliveryCount >= maxCrashes - 1;
}

/** What is held against a suspect. Whatever was counted may be a neighbour's doing: everybody gets one run alone. */
export function crashesBeforeIsolation({ deliveryCount }: Delivery, maxCrashes: number): number {
  return Math.min(deliveryCount, maxCrashes - 1);
}

/** The deaths over a message of a queue of suspects before this copy of it was published. */
export function crashesBefore({ properties }: Delivery): number {
  return integerHeader(properties.headers, HEADER.crashes, 1, MAX_CRASHES_TOLD) ?? 1;
}

/** What is done with a message of a queue of suspects. */
export type SuspectStep =
  /** It runs alone. Where that cannot be marked, a death that was counted is one over it, whatever stage it came in. */
  | { readonly kind: 'run'; readonly unlessUnmarked: boolean }
  /** It is published afresh, with that against it and for it, and runs again. */
  | { readonly kind: 'renew'; readonly crashes: number; readonly acquittals: number }
  /** No survivor within a while, and no other death: then it ends as `crash-loop`. */
  | { readonly kind: 'judge'; readonly crashes: number; readonly acquittals: number };

/** Deaths that the broker counts for one copy. A fresh one begins again, far below its delivery limit of 20. */
const MAX_COUNTED = 10;

/**
 * The last death counts if it came after the run had begun. If another one comes while a worker waits for the verdict,
 * workers die without this task, too: then neither is held against it. Every renewal that follows a run costs an
 * acquittal, so a task that kills its process ends at most `maxCrashes + MAX_ACQUITTALS` processes.
 */
export function nextStep(delivery: Delivery, stage: TrialStage, maxCrashes: number): SuspectStep {
  const before = crashesBefore(delivery);
  const acquittals = acquittalsOf(delivery);
  const isWorn = delivery.deliveryCount >= MAX_COUNTED;
  if (stage === 'waiting') {
    if (isWorn) return { kind: 'renew', crashes: before, acquittals };
    return { kind: 'run', unlessUnmarked: delivery.deliveryCount > 0 && before + delivery.deliveryCount >= maxCrashes };
  }
  const crashes = before + 1;
  if (crashes < maxCrashes) return { kind: 'renew', crashes, acquittals };
  if ((stage === 'judged' || isWorn) && acquittals < MAX_ACQUITTALS) {
    return { kind: 'renew', crashes: maxCrashes - 1, acquittals: acquittals + 1 };
  }
  return { kind: 'judge', crashes, acquittals };
}

/** How often a death over it was none. */
export function acquittalsOf({ properties }: Delivery): number {
  return integerHeader(properties.headers, HEADER.acquittals, 0, MAX_ACQUITTALS) ?? 0;
}

/** A delivery from a queue of suspects, for whom it is one of its home queue: it is dispatched and retried as such. */
export class SuspectDelivery implements Delivery {
  constructor(
    private readonly delivery: Delivery,
    readonly queue: string,
  ) {}

  get exchange(): string {
    return this.delivery.exchange;
  }

  get routingKey(): string {
    return this.delivery.routingKey;
  }

  get body(): Buffer {
    return this.delivery.body;
  }

  get properties(): Delivery['properties'] {
    return this.delivery.properties;
  }

  get redelivered(): boolean {
    return this.delivery.redelivered;
  }

  get deliveryCount(): number {
    return this.delivery.deliveryCount;
  }

  get live(): boolean {
    return this.delivery.live;
  }

  get overdue(): boolean {
    return this.delivery.overdue;
  }

  ack(): boolean {
    return this.delivery.ack();
  }

  requeue(): boolean {
    return this.delivery.requeue();
  }

  reject(): boolean {
    return this.delivery.reject();
  }
}
