import fc from 'fast-check';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import type { QueueBinding, QueueDefinition } from '../../../src/task/definition';
import { formatTopology } from '../../../src/topology/format';
import { planTopology } from '../../../src/topology/plan';
import type { Topology } from '../../../src/topology/topology';
import { boundTo, homeQueue } from './home-queue';

function argumentsOf(topology: Topology, queue: string) {
  return topology.queues.find(({ name }) => name === queue)?.arguments;
}

function problemsOf(...queues: QueueDefinition[]): readonly string[] {
  try {
    planTopology({ queues });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('a small plan', () => {
  const plan = planTopology({
    queues: [
      homeQueue('emails'),
      homeQueue('billing', {
        type: 'classic',
        maxPriority: 9,
        bindings: [
          boundTo('shop', { routingKey: 'order.*' }),
          boundTo('crm', { type: 'fanout', declare: false, routingKey: 'ignored' }),
        ],
      }),
    ],
  });

  it('reads as text', () => {
    expect(formatTopology(plan, 'text')).toBe(`Exchanges
  crm                    fanout  (not declared: must exist)
  shop                   topic
  warren.dead            direct
  warren.delay.00 … 30   topic   31 delay levels
  warren.delay.deliver   topic   alternate-exchange=warren.delay.unrouted
  warren.delay.enter     topic
  warren.delay.unrouted  fanout

Queues
  billing                classic  x-dead-letter-exchange=warren.dead x-dead-letter-routing-key=billing x-max-priority=9
  billing.dead           classic
  billing.suspects       quorum   x-dead-letter-exchange=warren.dead x-dead-letter-routing-key=billing x-dead-letter-strategy=at-least-once x-delivery-limit=20 x-overflow=reject-publish
  emails                 quorum   x-dead-letter-exchange=warren.dead x-dead-letter-routing-key=emails x-dead-letter-strategy=at-least-once x-delivery-limit=20 x-overflow=reject-publish
  emails.dead            quorum   x-delivery-limit=1000000
  emails.suspects        quorum   x-dead-letter-exchange=warren.dead x-dead-letter-routing-key=emails x-dead-letter-strategy=at-least-once x-delivery-limit=20 x-overflow=reject-publish
  warren.delay.00 … 30   quorum   31 delay levels, 125 ms × 2^level
  warren.delay.unrouted  quorum   x-delivery-limit=1000000

Bindings
  crm → billing
  shop → billing                                 order.*
  warren.dead → billing.dead                     billing
  warren.dead → emails.dead                      emails
  warren.delay.00 … 30                           93 bindings, three a level
  warren.delay.deliver → billing                 *{31}.billing
  warren.delay.deliver → emails                  *{31}.emails
  warren.delay.unrouted → warren.delay.unrouted
`);
  });

  it('has the arguments of the design, and no others', () => {
    expect(argumentsOf(plan, 'emails')).toEqual({
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': 'warren.dead',
      'x-dead-letter-routing-key': 'emails',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-delivery-limit': 20,
    });
    expect(argumentsOf(plan, 'emails.dead')).toEqual({ 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 });
    expect(argumentsOf(plan, 'warren.delay.unrouted')).toEqual(argumentsOf(plan, 'emails.dead'));
    expect(argumentsOf(plan, 'warren.delay.30')).toEqual({
      'x-queue-type': 'quorum',
      'x-message-ttl': 134_217_728_000,
      'x-dead-letter-exchange': 'warren.delay.29',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    });
    expect(argumentsOf(plan, 'warren.delay.00')).toMatchObject({
      'x-message-ttl': 125,
      'x-dead-letter-exchange': 'warren.delay.deliver',
    });
  });

  it('gives a classic queue no argument that belongs to quorum queues', () => {
    expect(argumentsOf(plan, 'billing')).toEqual({
      'x-queue-type': 'classic',
      'x-dead-letter-exchange': 'warren.dead',
      'x-dead-letter-routing-key': 'billing',
      'x-max-priority': 9,
    });
    expect(argumentsOf(plan, 'billing.dead')).toEqual({ 'x-queue-type': 'classic' });
    const plain = planTopology({ queues: [homeQueue('billing', { type: 'classic' })] });
    expect(argumentsOf(plain, 'billing')).not.toHaveProperty('x-max-priority');
  });

  it('gives a quorum queue no x-max-priority, which it would refuse', () => {
    const asked = planTopology({ queues: [homeQueue('emails', { maxPriority: 9 })] });
    expect(argumentsOf(asked, 'emails')).toEqual(argumentsOf(plan, 'emails'));
  });
});

describe('the ladder', () => {
  const plan = planTopology({ queues: [] });

  it('stands whole without any queue', () => {
    expect(plan.exchanges).toHaveLength(31 + 4);
    expect(plan.queues).toHaveLength(31 + 1);
    expect(plan.bindings).toHaveLength(93 + 1);
  });

  it('brings what enters to the queue of the highest set bit, and what fits no level back to its sender', () => {
    const entries = plan.bindings.filter(({ source }) => source === 'warren.delay.enter');
    expect(entries).toHaveLength(31);
    expect(entries).toContainEqual({
      source: 'warren.delay.enter',
      destination: 'warren.delay.28',
      destinationType: 'queue',
      routingKey: '0.0.1.#',
    });
    expect(plan.exchanges.find(({ name }) => name === 'warren.delay.enter')?.arguments).toEqual({});
  });

  it('binds each level to its own queue for a set bit and to the next exchange for a clear one', () => {
    const from = (level: string) => plan.bindings.filter(({ source }) => source === level);
    expect(from('warren.delay.29')).toEqual([
      { source: 'warren.delay.29', destination: 'warren.delay.28', destinationType: 'exchange', routingKey: '*.0.#' },
      { source: 'warren.delay.29', destination: 'warren.delay.29', destinationType: 'queue', routingKey: '*.1.#' },
    ]);
    const bits = '*.'.repeat(30);
    expect(from('warren.delay.00').map(({ destination, routingKey }) => [destination, routingKey])).toEqual([
      ['warren.delay.deliver', `${bits}0.#`],
      ['warren.delay.00', `${bits}1.#`],
    ]);
  });
});

describe('exchanges of others', () => {
  const planned = (...bindings: QueueBinding[]) => {
    const { exchanges, bindings: all } = planTopology({ queues: [homeQueue('billing', { bindings })] });
    const own = all.filter(({ destination, source }) => destination === 'billing' && !source.startsWith('warren.'));
    return { exchanges: exchanges.filter(({ name }) => !name.startsWith('warren.')), bindings: own };
  };

  it.each(['fanout', 'headers'] as const)(
    'does not tell bindings to a %s exchange apart by a key that it never reads',
    (type) => {
      const { bindings } = planned(
        boundTo('shop', { type, routingKey: 'a' }),
        boundTo('shop', { type, routingKey: 'b' }),
      );
      expect(bindings).toEqual([{ source: 'shop', destination: 'billing', destinationType: 'queue', routingKey: '' }]);
    },
  );

  it.each(['topic', 'direct'] as const)('keeps every key of a %s exchange', (type) => {
    const { exchanges, bindings } = planned(
      boundTo('shop', { type, routingKey: 'b' }),
      boundTo('shop', { type, routingKey: 'a' }),
    );
    expect(exchanges).toEqual([{ name: 'shop', type, arguments: {}, declare: true }]);
    expect(bindings.map(({ routingKey }) => routingKey)).toEqual(['a', 'b']);
  });

  it('only looks for those that every vhost has, and for all other names of the broker', () => {
    const { exchanges } = planned(
      boundTo('amq.topic'),
      boundTo('amq.match', { type: 'headers' }),
      boundTo('amq.plugin'),
    );
    expect(exchanges.map(({ name, declare }) => [name, declare])).toEqual([
      ['amq.match', false],
      ['amq.plugin', false],
      ['amq.topic', false],
    ]);
  });
});

describe('doubles', () => {
  it('plans a queue once that is defined twice, with the bindings of both', () => {
    const once = homeQueue('billing', { bindings: [boundTo('shop'), boundTo('crm', { type: 'direct' })] });
    const halves = [boundTo('crm', { type: 'direct' }), boundTo('shop')].map((binding) =>
      homeQueue('billing', { concurrency: 3, bindings: [binding] }),
    );
    expect(planTopology({ queues: halves })).toEqual(planTopology({ queues: [once] }));
  });

  it('plans an exchange once that several queues are bound to', () => {
    const queues = ['a', 'b'].map((name) => homeQueue(name, { bindings: [boundTo('shop')] }));
    expect(planTopology({ queues }).exchanges.filter(({ name }) => name === 'shop')).toHaveLength(1);
  });
});

describe('what cannot be planned', () => {
  it.each([
    ['warren.delay.03', 'the queue "warren.delay.03" has a name that Warren keeps for itself. Rename it.'],
    ['warren.dead', 'the queue "warren.dead" has a name that Warren keeps for itself. Rename it.'],
  ])('refuses the queue name %s', (name, problem) => {
    expect(problemsOf(homeQueue(name))).toEqual([problem]);
  });

  it('refuses a queue with the name of a dead-letter queue that is planned too', () => {
    expect(problemsOf(homeQueue('emails.dead'), homeQueue('emails'))).toEqual([
      'the queue "emails.dead" has the name of the dead-letter queue of "emails". Rename one of them.',
    ]);
    expect(problemsOf(homeQueue('emails.suspects'), homeQueue('emails'))).toEqual([
      'the queue "emails.suspects" has the name of the queue of suspects of "emails". Rename one of them.',
    ]);
    expect(problemsOf(homeQueue('emails.dead'))).toEqual([]);
  });

  it('lists both sides of a queue that is defined with different settings', () => {
    const classic = homeQueue('emails', { type: 'classic', maxPriority: 5 });
    expect(problemsOf(homeQueue('emails'), classic, homeQueue('emails'))).toEqual([
      'the queue "emails" is asked for with different settings: type "quorum"; type "classic", maxPriority 5. ' +
        'Define it once, or give all its definitions the same settings.',
    ]);
    expect(problemsOf(classic, homeQueue('emails', { type: 'classic' }))).toHaveLength(1);
  });

  it('lists both sides of an exchange that is bound with different settings', () => {
    const problems = problemsOf(
      homeQueue('a', { bindings: [boundTo('shop')] }),
      homeQueue('b', { bindings: [boundTo('shop', { type: 'direct' })] }),
      homeQueue('c', { bindings: [boundTo('shop'), boundTo('crm')] }),
      homeQueue('d', { bindings: [boundTo('crm', { declare: false })] }),
    );
    expect(problems).toEqual([
      'the exchange "shop" is asked for with different settings: type "topic", declare true (queue "a", queue "c"); ' +
        'type "direct", declare true (queue "b"). Give all bindings to it the same type and the same "declare".',
      'the exchange "crm" is asked for with different settings: type "topic", declare true (queue "c"); ' +
        'type "topic", declare false (queue "d"). Give all bindings to it the same type and the same "declare".',
    ]);
  });

  it.each([
    ['', 'direct', 'the default exchange ("")'],
    ['warren.dead', 'direct', 'an exchange that Warren keeps for itself'],
    ['warren.delay.deliver', 'topic', 'an exchange that Warren keeps for itself'],
    ['amq.topic', 'direct', 'in every vhost it is a topic exchange'],
    ['amq.match', 'topic', 'in every vhost it is a headers exchange'],
  ] as const)('refuses a binding to the exchange "%s" as %s', (exchange, type, reason) => {
    const problems = problemsOf(homeQueue('billing', { bindings: [boundTo(exchange, { type })] }));
    expect(problems).toEqual([expect.stringContaining('the queue "billing" is bound to')]);
    expect(problems[0]).toContain(reason);
  });

  it('tells all problems together, each once', () => {
    const bad = homeQueue('emails', { bindings: [boundTo(''), boundTo('')] });
    const problems = problemsOf(
      bad,
      homeQueue('emails.dead'),
      homeQueue('emails', { type: 'classic' }),
      homeQueue('warren.delay.x'),
    );
    expect(problems.map((problem) => problem.slice(0, 40))).toEqual([
      'the queue "emails.dead" has the name of ',
      'the queue "warren.delay.x" has a name th',
      'the queue "emails" is asked for with dif',
      'the queue "emails" is bound to the defau',
    ]);
  });
});

describe('any plan', () => {
  const binding = fc
    .tuple(fc.constantFrom('shop', 'crm', 'amq.topic'), fc.constantFrom('a', 'b.*', '#'))
    .map(([exchange, routingKey]) => boundTo(exchange, { routingKey }));
  const queue = fc
    .tuple(fc.constantFrom('eu', 'orders.eu', 'Ärger', 'z'), fc.array(binding, { maxLength: 4 }))
    .map(([name, bindings]) => homeQueue(name, { bindings }));
  const queues = fc.array(queue, { maxLength: 6 });
  const parts = (topology: Topology) => [topology.exchanges, topology.queues, topology.bindings];
  const texts = (list: readonly unknown[]) => list.map((spec) => JSON.stringify(spec));

  it('hangs neither on the order nor on the number of equal definitions', () => {
    fc.assert(
      fc.property(queues, (list) => {
        const json = (input: readonly QueueDefinition[]) => formatTopology(planTopology({ queues: input }), 'json');
        expect(json([...list, ...list].reverse())).toBe(json(list));
      }),
      { numRuns: 50 },
    );
  });

  it('is sorted and names nothing twice', () => {
    fc.assert(
      fc.property(queues, (list) => {
        const { exchanges, queues: planned, bindings } = planTopology({ queues: list });
        for (const named of [exchanges, planned]) {
          const names = named.map(({ name }) => name);
          expect(names).toEqual([...new Set(names)].sort());
        }
        expect(new Set(texts(bindings)).size).toBe(bindings.length);
        expect(bindings.map(({ source }) => source)).toEqual(bindings.map(({ source }) => source).sort());
      }),
      { numRuns: 50 },
    );
  });

  it('has both ends of every binding, and every exchange that a queue or an exchange names', () => {
    fc.assert(
      fc.property(queues, (list) => {
        const topology = planTopology({ queues: list });
        const exchanges = new Set(topology.exchanges.map(({ name }) => name));
        const names = { queue: new Set(topology.queues.map(({ name }) => name)), exchange: exchanges };
        for (const { source, destination, destinationType } of topology.bindings) {
          expect(exchanges).toContain(source);
          expect(names[destinationType]).toContain(destination);
        }
        for (const { arguments: args } of [...topology.queues, ...topology.exchanges]) {
          const named = args['x-dead-letter-exchange'] ?? args['alternate-exchange'] ?? 'warren.dead';
          expect(exchanges).toContain(named);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is frozen to the last argument', () => {
    const topology = planTopology({ queues: [homeQueue('emails', { bindings: [boundTo('shop')] })] });
    const specs = parts(topology).flat();
    const args = [...topology.exchanges, ...topology.queues].map((spec) => spec.arguments);
    expect([topology, ...parts(topology), ...specs, ...args].every(Object.isFrozen)).toBe(true);
  });

  it('leaves the definitions as they were', () => {
    const definition = homeQueue('emails', { bindings: [boundTo('shop')] });
    const before = structuredClone(definition);
    planTopology({ queues: [definition] });
    expect(definition).toEqual(before);
    expect(Object.isFrozen(definition)).toBe(false);
  });
});

describe('schedules', () => {
  it('have two queues, where there are any', () => {
    const names = (schedules: boolean) =>
      planTopology({ queues: [], schedules }).queues.flatMap(({ name }) =>
        name.startsWith('warren.sch') ? [name] : [],
      );
    expect(names(false)).toEqual([]);
    expect(names(true)).toEqual(['warren.schedules', 'warren.schedules.view']);
  });

  it('are read by one consumer at a time, and shown by the latest message alone', () => {
    const plan = planTopology({ queues: [], schedules: true });
    expect(argumentsOf(plan, 'warren.schedules')).toEqual({
      'x-consumer-disconnected-timeout': 10_000,
      'x-delivery-limit': 1_000_000,
      'x-queue-type': 'quorum',
      'x-single-active-consumer': true,
    });
    expect(argumentsOf(plan, 'warren.schedules.view')).toEqual({
      'x-delivery-limit': 1_000_000,
      'x-max-length': 1,
      'x-overflow': 'drop-head',
      'x-queue-type': 'quorum',
    });
  });

  it('keep their names for themselves', () => {
    expect(problemsOf(homeQueue('warren.schedules.mine'))).toEqual([
      expect.stringContaining('a name that Warren keeps'),
    ]);
  });
});
