import type { Death, DeathReason, StoredMessage } from './stored-message';

/** A message that its queue gave up, on its way to the queues of the dead-letter exchange. */
export interface DeadLetter {
  readonly message: StoredMessage;
  /** Queues that have it already: one that was full is tried again alone. */
  readonly reached: Set<string>;
}

export interface DeathEvent {
  readonly queue: string;
  readonly reason: DeathReason;
  readonly now: number;
  /** Failed deliveries, and returns, that the queue counted. */
  readonly failures: number;
  readonly returns: number;
  readonly deadLetterExchange: string;
  /** `undefined`: the message keeps its keys. */
  readonly deadLetterRoutingKey: string | undefined;
}

/** The dead letter that a message becomes. Its `expiration` is removed, so that it does not expire again on its way. */
export function recordDeath(message: StoredMessage, event: DeathEvent): StoredMessage {
  const deaths = addDeath(message, event);
  const { expiration: _, ...properties } = message.properties;
  const routingKeys = event.deadLetterRoutingKey === undefined ? message.routingKeys : [event.deadLetterRoutingKey];
  return {
    ...message,
    exchange: event.deadLetterExchange,
    routingKey: routingKeys[0] ?? '',
    routingKeys,
    blindKeys: [],
    properties,
    deaths,
    firstDeath: message.firstDeath ?? deaths[0],
    failures: event.failures,
    returns: event.returns,
  };
}

function addDeath(message: StoredMessage, { queue, reason, now }: DeathEvent): readonly Death[] {
  const isSame = (death: Death): boolean => death.queue === queue && death.reason === reason;
  const before = message.deaths.find(isSame);
  const death: Death =
    before === undefined
      ? {
          queue,
          reason,
          count: 1,
          time: now,
          exchange: message.exchange,
          routingKeys: message.routingKeys,
          originalExpiration: message.properties.expiration,
        }
      : { ...before, count: before.count + 1 };
  return [death, ...message.deaths.filter((other) => !isSame(other))];
}

/**
 * Whether a dead letter would go round for ever: its target has given it up before, and no consumer has rejected it
 * since. Such a target is left out. A rejection is never a cycle: somebody decided it.
 */
export function isDeathCycle({ deaths }: StoredMessage, target: string): boolean {
  if (deaths[0]?.reason === 'rejected') return false;
  const last = deaths.findIndex((death) => death.queue === target);
  return last !== -1 && deaths.slice(0, last + 1).every((death) => death.reason !== 'rejected');
}

/**
 * The headers by which a dead letter tells its history. None for a message that has not died: a client's own
 * `x-death` is passed on unread, as RabbitMQ does since 4.0.
 */
export function deathHeaders({ deaths, firstDeath }: StoredMessage): Readonly<Record<string, unknown>> {
  const lastDeath = deaths[0];
  if (lastDeath === undefined || firstDeath === undefined) return {};
  return {
    'x-death': deaths.map(deathTable),
    'x-first-death-queue': firstDeath.queue,
    'x-first-death-reason': firstDeath.reason,
    'x-first-death-exchange': firstDeath.exchange,
    'x-last-death-queue': lastDeath.queue,
    'x-last-death-reason': lastDeath.reason,
    'x-last-death-exchange': lastDeath.exchange,
  };
}

function deathTable(death: Death): Readonly<Record<string, unknown>> {
  return {
    count: death.count,
    reason: death.reason,
    queue: death.queue,
    time: { '!': 'timestamp', value: Math.floor(death.time / 1000) },
    exchange: death.exchange,
    'routing-keys': [...death.routingKeys],
    ...(death.originalExpiration === undefined ? {} : { 'original-expiration': death.originalExpiration }),
  };
}
