import type { TaskApp } from '../../../src';
import { HEADER } from '../../../src/message/headers';
import type { MessageHeaders } from '../../../src/message/wire';
import { eventually } from '../../support/bounded';

export interface LetterToFill {
  readonly id: string;
  readonly payload?: unknown;
  readonly task?: string;
  readonly reason?: string;
  readonly error?: { readonly name: string; readonly message: string };
  readonly diedAt?: number;
}

/** Puts dead letters into a queue's dead-letter queue, as a worker would. */
export async function fillLetters(app: TaskApp, queue: string, letters: Iterable<LetterToFill>): Promise<void> {
  const running = new Set<Promise<void>>();
  let count = 0;
  const before = await app.deadLetters.count(queue);
  for (const letter of letters) {
    count++;
    const published: Promise<void> = app.broker.publisher
      .publish({
        exchange: 'warren.dead',
        routingKey: queue,
        body: Buffer.from(JSON.stringify(letter.payload ?? null)),
        properties: { messageId: letter.id, type: letter.task ?? `${queue}.sendWelcome`, headers: headersOf(letter) },
      })
      .finally(() => running.delete(published));
    running.add(published);
    if (running.size >= 2_000) await Promise.race(running);
  }
  await Promise.all(running);
  await eventually(
    'the letters',
    () => app.deadLetters.count(queue),
    (found) => found === before + count,
  );
}

function headersOf({ reason, error, diedAt }: LetterToFill): MessageHeaders {
  const failures =
    error === undefined
      ? []
      : [{ attempt: 1, at: '2026-01-01T00:00:00.000Z', error: error.name, message: error.message }];
  return {
    [HEADER.reason]: reason ?? 'exhausted',
    [HEADER.deadAt]: diedAt ?? Date.now(),
    [HEADER.attempt]: 3,
    ...(failures.length === 0 ? {} : { [HEADER.failures]: JSON.stringify(failures) }),
  };
}

/**
 * Takes messages from a queue until so many distinct ids have come: a copy that comes twice, as it may on a busy machine,
 * does not count for one that is still to come. @returns how often each id came.
 */
export async function drainIds(app: TaskApp, queue: string, expected: number): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  const subscription = await app.broker.subscribe({
    queue,
    prefetch: 1_000,
    onDelivery: (delivery) => {
      const id = delivery.properties.messageId ?? '?';
      seen.set(id, (seen.get(id) ?? 0) + 1);
      delivery.ack();
    },
  });
  try {
    await eventually(
      `${expected} messages of ${queue}`,
      () => seen.size,
      (now) => now >= expected,
      60_000,
    );
    return seen;
  } finally {
    await subscription.close();
  }
}
