import type { Delivery, PublishOptions } from '../../../src/broker/broker';
import { PublishRefusedError, UnroutableError } from '../../../src/errors/enqueue-errors';
import { EventBus } from '../../../src/events/event-bus';
import { readEnvelope } from '../../../src/message/envelope';
import type { OutgoingMessage } from '../../../src/message/wire';
import type { TaskOutcome } from '../../../src/settlement/outcome';
import { ManualClock } from '../../../src/time/manual-clock';
import { EndedAttempts } from '../../../src/worker/ended-attempts';
import { Settler } from '../../../src/worker/settler';
import { incomingMessage } from '../support/incoming-message';
import { taskDefinition } from '../support/task-definition';

const target = { exchange: '', routingKey: 'emails', messageId: 'id-1' };
const notEncoded = new PublishRefusedError(target, 0, 'it cannot be encoded');
const tooLarge = new PublishRefusedError(target, 406, 'PRECONDITION_FAILED - message size 9 is larger than 8');
const forbidden = new PublishRefusedError(target, 403, 'ACCESS_REFUSED');
const noQueue = new UnroutableError(target, 'NO_ROUTE');

const failed: TaskOutcome = { kind: 'failed', error: new TypeError('boom') };

/** Settles a failed first attempt while the broker answers publishes with these errors, one after the other, then none. */
async function settling(...refusals: readonly Error[]) {
  const sent: OutgoingMessage[] = [];
  const options: (PublishOptions | undefined)[] = [];
  const done: string[] = [];
  const clock = new ManualClock();
  const events = new EventBus();
  for (const name of ['task:dead-lettered', 'settlement:failed', 'task:retried', 'task:isolated'] as const)
    events.on(name, (event) => done.push('reason' in event ? `${name} ${event.reason}` : name));
  const waiting = [...refusals];
  const settler = new Settler({
    publisher: {
      publish: (message, given) => {
        sent.push(message);
        options.push(given);
        const refusal = waiting.shift();
        return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
      },
      send: () => undefined,
    },
    events,
    clock,
    random: () => 0,
    keepUnknownTasksMs: 0,
    skew: { aheadMs: 0 },
    endedAttempts: new EndedAttempts(clock),
    onAwaitedEnd: () => undefined,
  });
  const settle = (kind: string) => () => {
    done.push(kind);
    return true;
  };
  const message = incomingMessage({ messageId: 'id-1', headers: { tenant: 'ada' } });
  const delivery: Delivery = {
    ...message,
    queue: 'emails',
    deliveryCount: 0,
    live: true,
    overdue: false,
    ack: settle('ack'),
    requeue: settle('requeue'),
    reject: settle('reject'),
  };
  const attempt = {
    outcome: failed,
    definition: taskDefinition(),
    message,
    envelope: readEnvelope(message),
    id: 'id-1',
    queue: 'emails',
    startedAt: 0,
    endedAt: 0,
    trace: undefined,
  };
  return { settler, delivery, attempt, clock, sent, options, done };
}

it.each([notEncoded, tooLarge])(
  'makes a dead letter, without the sender’s headers, of what can never be copied: %p',
  async (refusal) => {
    const { settler, delivery, attempt, sent, done } = await settling(refusal);
    await settler.settle(delivery, attempt);
    expect(done).toEqual(['ack', 'task:dead-lettered rejected']);
    expect(sent[1]).toMatchObject({ exchange: 'warren.dead', routingKey: 'emails' });
    expect(sent[1]?.properties).toMatchObject({ messageId: 'id-1' });
    expect(sent[1]?.properties.headers).toMatchObject({
      'warren-reason': 'rejected',
      'warren-headers-left-out': '["tenant"]',
    });
    expect(sent[1]?.properties.headers).not.toHaveProperty('tenant');
    const failures = JSON.parse(String(sent[1]?.properties.headers?.['warren-failures'])) as { error: string }[];
    expect(failures.map(({ error }) => error)).toEqual(['TypeError', refusal.constructor.name]);
  },
);

it('leaves to the broker what cannot be published at all', async () => {
  const { settler, delivery, attempt, sent, done } = await settling(tooLarge, tooLarge);
  await settler.settle(delivery, attempt);
  expect(done).toEqual(['reject', 'task:dead-lettered rejected']);
  expect(sent).toHaveLength(2);
});

it('does the same where a suspect cannot be isolated', async () => {
  const { settler, delivery, attempt, sent, done } = await settling(notEncoded);
  await settler.isolate(delivery, attempt, { crashes: 1, acquittals: 0 });
  expect(done).toEqual(['ack', 'task:dead-lettered rejected']);
  expect(sent.map(({ exchange }) => exchange)).toEqual(['', 'warren.dead']);
});

it.each([[[forbidden]], [[noQueue]], [[notEncoded, noQueue]]])(
  'tries again later what can be mended: %p',
  async (refusals) => {
    const { settler, delivery, attempt, clock, done } = await settling(...refusals);
    const settled = settler.settle(delivery, attempt);
    await clock.advance(1_000);
    await settled;
    expect(done).toEqual(['settlement:failed', 'requeue']);
  },
);

it('does not count a copy’s payload against the bytes that may wait: its delivery keeps it in memory', async () => {
  const { settler, delivery, attempt, options, done } = await settling();
  await settler.settle(delivery, attempt);
  expect(done).toEqual(['ack', 'task:retried']);
  expect(options).toEqual([{ isHeld: true }]);
});

it('sends a task that may have expired to the shortest level of the ladder, as it is', async () => {
  const { settler, delivery, attempt, sent, done } = await settling();
  const headers = { tenant: 'ada', 'warren-expires-at': 5_000, 'warren-due-at': 4_000 };
  const message = incomingMessage({ messageId: 'id-1', headers });
  await settler.askBroker({ ...delivery, ...message }, { ...attempt, message, envelope: readEnvelope(message) });
  expect(done).toEqual(['ack']);
  expect(sent).toMatchObject([{ exchange: 'warren.delay.enter', properties: { messageId: 'id-1' } }]);
  expect(sent[0]?.routingKey).toMatch(/^(0\.){30}1\.emails$/);
  expect(sent[0]?.properties.headers).toEqual({
    ...headers,
    'warren-attempt': 1,
    'warren-queue': 'emails',
    'warren-expires-at-broker': 5_000,
  });
});

it('keeps a task that may have expired in its queue if its copy cannot be published', async () => {
  const { settler, delivery, attempt, clock, done } = await settling(noQueue);
  const asked = settler.askBroker(delivery, attempt);
  await clock.advance(1_000);
  await asked;
  expect(done).toEqual(['settlement:failed', 'requeue']);
});
