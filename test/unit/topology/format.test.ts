import { formatTopology } from '../../../src/topology/format';
import { planTopology } from '../../../src/topology/plan';
import type { Topology } from '../../../src/topology/topology';
import { boundTo, homeQueue } from './home-queue';

const plan = planTopology({
  queues: [homeQueue('billing', { bindings: [boundTo('shop'), boundTo('amq.topic', { routingKey: 'order.*' })] })],
});

describe('as text', () => {
  const lines = (topology: Topology) => formatTopology(topology, 'text').split('\n');

  it('folds the ladder into one row of each table', () => {
    expect(lines(plan).filter((line) => line.includes('warren.delay.00'))).toHaveLength(3);
    expect(lines(plan).some((line) => line.includes('warren.delay.01'))).toBe(false);
  });

  it('shows every level as soon as one is not as planned', () => {
    const queues = plan.queues.map((queue) =>
      queue.name === 'warren.delay.07' ? { ...queue, arguments: { ...queue.arguments, 'x-message-ttl': 1 } } : queue,
    );
    const text = lines({ ...plan, queues });
    expect(text).toContainEqual(expect.stringMatching(/^ {2}warren\.delay\.07 +quorum .*x-message-ttl=1( |$)/));
    expect(text.filter((line) => /^ {2}warren\.delay\.\d\d +quorum/.test(line))).toHaveLength(31);
    expect(text.some((line) => line.includes('…'))).toBe(false);
  });

  it('shows a binding between level exchanges that the ladder does not have', () => {
    const shortcut = {
      source: 'warren.delay.09',
      destination: 'warren.delay.03',
      destinationType: 'exchange',
      routingKey: '#',
    } as const;
    const text = formatTopology({ ...plan, bindings: [...plan.bindings, shortcut] }, 'text');
    expect(text).toMatch(/^ {2}warren\.delay\.09 → exchange warren\.delay\.03 +#$/m);
  });

  it('writes nothing that a terminal would obey', () => {
    const hostile: Topology = {
      exchanges: [{ name: 'a\u001b[2Jb\n', type: 'topic', arguments: { '\u009b': 'x\r' }, declare: true }],
      queues: [],
      bindings: [{ source: 'a', destination: 'b', destinationType: 'queue', routingKey: '\u0007' }],
    };
    expect(formatTopology(hostile, 'text')).toBe(
      'Exchanges\n  a\\u{1b}[2Jb\\u{a}  topic  \\u{9b}=x\\u{d}\n\nQueues\n\nBindings\n  a → b  \\u{7}\n',
    );
  });
});

it('gives the plan itself as JSON', () => {
  const text = formatTopology(plan, 'json');
  expect(JSON.parse(text)).toEqual(plan);
  expect(text.endsWith('}\n')).toBe(true);
});

describe('as RabbitMQ definitions', () => {
  const definitions = JSON.parse(formatTopology(plan, 'definitions', { vhost: 'tasks' }));

  it('describes exchanges, queues and bindings as the broker exports them', () => {
    expect(Object.keys(definitions)).toEqual(['vhosts', 'exchanges', 'queues', 'bindings']);
    expect(definitions.vhosts).toEqual([{ name: 'tasks' }]);
    expect(definitions.exchanges).toContainEqual({
      name: 'warren.delay.deliver',
      vhost: 'tasks',
      type: 'topic',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: { 'alternate-exchange': 'warren.delay.unrouted' },
    });
    expect(definitions.queues).toContainEqual({
      name: 'billing.dead',
      vhost: 'tasks',
      durable: true,
      auto_delete: false,
      arguments: { 'x-delivery-limit': 1_000_000, 'x-queue-type': 'quorum' },
    });
    expect(definitions.bindings).toContainEqual({
      source: 'warren.delay.30',
      vhost: 'tasks',
      destination: 'warren.delay.29',
      destination_type: 'exchange',
      routing_key: '0.#',
      arguments: {},
    });
  });

  it('leaves out exchanges that are only looked for, and keeps the bindings to them', () => {
    const names = definitions.exchanges.map(({ name }: { readonly name: string }) => name);
    expect(names).toContain('shop');
    expect(names).not.toContain('amq.topic');
    expect(definitions.bindings).toContainEqual(
      expect.objectContaining({ source: 'amq.topic', routing_key: 'order.*' }),
    );
  });

  it('holds the rest of the plan, one for one', () => {
    expect(definitions.exchanges).toHaveLength(plan.exchanges.length - 1);
    expect(definitions.queues).toHaveLength(plan.queues.length);
    expect(definitions.bindings).toHaveLength(plan.bindings.length);
  });

  it('is for the default vhost where none is named', () => {
    const { vhosts, queues } = JSON.parse(formatTopology(plan, 'definitions'));
    expect([vhosts, queues[0].vhost]).toEqual([[{ name: '/' }], '/']);
  });
});
