import { readEnvelope } from '../../../src/message/envelope';
import { route } from '../../../src/topology/ladder';
import { Dispatcher } from '../../../src/worker/dispatcher';
import { incomingMessage } from '../support/incoming-message';
import { taskDefinition } from '../support/task-definition';

const task = (name: string, queue: string, ...routingKeys: string[]) => ({
  definition: taskDefinition({ name, queue, routingKeys }),
});

const dispatcher = new Dispatcher([
  task('emails.send', 'emails'),
  task('billing.paid', 'billing', 'order.paid', 'order.*.paid'),
  task('billing.any', 'billing', 'order.#'),
  task('__proto__', 'odd'),
  task('refunds.pay', 'refunds', 'order.refunded'),
  task('all.any', 'all', '*.#'),
  task('all.other', 'all', '#'),
]);

/** As a message arrives that was delayed, or retried. */
const onLadder = (queue: string): Address => ({
  exchange: 'warren.delay.deliver',
  routingKey: route(queue, 60_000, 'exact').routingKey,
});

interface Address {
  readonly type?: string;
  readonly exchange?: string;
  readonly routingKey?: string;
}

function found(queue: string, { type, exchange = '', routingKey = queue }: Address): string | undefined {
  const envelope = readEnvelope(incomingMessage({ type }, { exchange, routingKey }));
  return dispatcher.find(queue, envelope)?.definition.name;
}

it.each<[string, string, Address, string | undefined]>([
  ['by its type', 'emails', { type: 'emails.send' }, 'emails.send'],
  ['by its type, among several', 'billing', { type: 'billing.any' }, 'billing.any'],
  [
    'by its type rather than its routing key',
    'billing',
    { type: 'billing.any', exchange: 'shop', routingKey: 'order.paid' },
    'billing.any',
  ],
  ['by its routing key', 'billing', { exchange: 'shop', routingKey: 'order.paid' }, 'billing.paid'],
  [
    'by its routing key, where the type is a foreign service’s',
    'billing',
    { type: 'OrderPaid', exchange: 'shop', routingKey: 'order.paid' },
    'billing.paid',
  ],
  ['by the first pattern that matches', 'billing', { exchange: 'shop', routingKey: 'order.1.paid' }, 'billing.paid'],
  ['by a later pattern', 'billing', { exchange: 'shop', routingKey: 'order.1.sent' }, 'billing.any'],
  ['as the queue’s only task, where it has no type', 'emails', {}, 'emails.send'],
  ['as the queue’s only task, where it was delayed', 'refunds', onLadder('refunds'), 'refunds.pay'],
  ['not by the ladder’s keys, which match any pattern', 'all', onLadder('all'), undefined],
  ['not by the ladder’s keys, where its type is unknown', 'all', { ...onLadder('all'), type: 'all.newer' }, undefined],
  [
    'as the queue’s only task, whatever the routing key',
    'emails',
    { exchange: 'shop', routingKey: 'x.y' },
    'emails.send',
  ],
  ['as the queue’s only task, where it was sent straight to the queue', 'refunds', {}, 'refunds.pay'],
  [
    'not by a routing key beside those of the queue’s only task: it may be for a newer version’s',
    'refunds',
    { exchange: 'shop', routingKey: 'order.paid' },
    undefined,
  ],
  ['by the name __proto__, where a task is called that', 'odd', { type: '__proto__' }, '__proto__'],
  ['not by a type that nobody knows: it may be a newer version’s', 'emails', { type: 'emails.sendLater' }, undefined],
  ['not by a name that every object has', 'emails', { type: 'constructor' }, undefined],
  [
    'not by the routing key of a message sent straight to the queue',
    'billing',
    { routingKey: 'order.paid' },
    undefined,
  ],
  ['not without a type where the queue has several tasks', 'billing', {}, undefined],
  ['not in a queue without tasks', 'other', { exchange: 'shop', routingKey: 'order.paid' }, undefined],
])('finds a message’s task %s', (_label, queue, address, name) => {
  expect(found(queue, address)).toBe(name);
});
