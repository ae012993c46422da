import { diagnose } from '../../../../src/cli/doctor/diagnose';
import type { DoctorFacts, ManagementFacts } from '../../../../src/cli/doctor/facts';
import type { TaskDefinition } from '../../../../src/task/definition';

const NO_MANAGEMENT_NEWS: ManagementFacts = {
  unreadable: [],
  alarms: [],
  deprecated: [],
  limits: [],
  disabledFlags: [],
  transientQueues: [],
  policies: [],
  consumerTimeouts: new Map(),
};
const HEALTHY: DoctorFacts = {
  server: { product: 'RabbitMQ', version: '4.3.6' },
  capabilities: { isServer: true, countsAtOnce: false, fastPath: { on: true, reason: undefined } },
  tasks: [],
  queues: [],
  differences: [],
  states: [],
  unrouted: 0,
  probe: { missing: [], blocked: undefined },
  consumerTimeoutMs: undefined,
  management: NO_MANAGEMENT_NEWS,
};
const OLD = { product: 'RabbitMQ', version: '3.10.8' };
const task = (timeoutMs: number): TaskDefinition => ({ name: 'a.b', queue: 'a', timeoutMs }) as TaskDefinition;
const managed = (facts: Partial<ManagementFacts>): Partial<DoctorFacts> => ({
  management: { ...NO_MANAGEMENT_NEWS, ...facts },
});

it('finds nothing where nothing is wrong', () => {
  expect(diagnose({ ...HEALTHY, tasks: [task(60_000)] })).toEqual([]);
});

it('lets tasks run for hours where consumers ask the broker for the time they need', () => {
  expect(diagnose({ ...HEALTHY, tasks: [task(0), task(86_400_000)] })).toEqual([]);
});

it.each<[string, Partial<DoctorFacts>, string, RegExp]>([
  ['an old broker', { server: { product: 'RabbitMQ', version: '3.9.29' } }, 'problem', /3\.9\.29 is older/],
  ['a missing queue', { differences: [{ kind: 'missing', entity: 'queue', name: 'a' }] }, 'problem', /"a" is missing/],
  [
    'a missing dead-letter exchange',
    {
      differences: [
        {
          kind: 'different',
          entity: 'queue',
          name: 'a',
          differences: [{ field: 'x-dead-letter-exchange', wanted: 'warren.dead', actual: undefined }],
        },
      ],
    },
    'problem',
    /x-dead-letter-exchange \(absent\), planned is "warren\.dead": what the broker gives up on is dropped/,
  ],
  [
    'a plan of which nothing was declared, as one finding',
    {
      differences: [
        ...Array.from({ length: 31 }, (_, level) => ({
          kind: 'missing' as const,
          entity: 'exchange' as const,
          name: `warren.delay.${level}`,
        })),
        { kind: 'missing', entity: 'exchange', name: 'warren.dead' },
        { kind: 'missing', entity: 'queue', name: 'emails' },
        { kind: 'missing', entity: 'binding', name: 'warren.dead → emails.dead (emails)' },
      ],
    },
    'problem',
    /^32 exchanges, 1 queue, 1 binding are missing: emails, .* and 29 more: what the broker gives up on is dropped$/,
  ],
  [
    'a delay ladder of an earlier version, as one finding',
    {
      differences: Array.from({ length: 31 }, (_, level) => ({
        kind: 'different' as const,
        entity: 'exchange' as const,
        name: `warren.delay.${String(level).padStart(2, '0')}`,
        differences: [{ field: 'alternate-exchange', wanted: 'warren.delay.unrouted', actual: undefined }],
      })),
    },
    'problem',
    /^31 exchanges of the delay ladder have no alternate exchange/,
  ],
  [
    'messages that cannot leave the ladder',
    managed({ stuckDelays: [{ queue: 'warren.delay.03', messages: 32 }] }),
    'problem',
    /^delayed messages cannot leave their level, .*: 32 in warren\.delay\.03$/,
  ],
  [
    'queues of a cluster that keep the tasks of a lost node',
    managed({ nodes: 3, plannedQuorumQueues: ['a', 'b'], disconnectedTimeouts: new Map([['b', 10_000]]) }),
    'warning',
    /had taken from a comes back after 60 s/,
  ],
  ['that no task is known', { withoutTasks: true }, 'note', /^no task is known here: .* were not looked at$/],
  ['no permission', { differences: 'forbidden' }, 'note', /may not configure/],
  [
    'a task that runs too long',
    { server: OLD, tasks: [task(30 * 60_000)] },
    'warning',
    /up to 30m, .* after 30m \(its default\)/,
  ],
  ['a task without a timeout', { server: OLD, tasks: [task(0)] }, 'warning', /without a limit/],
  [
    'a task that outlives a policy',
    { server: OLD, tasks: [task(60_000)], ...managed({ consumerTimeouts: new Map([['a', 30_000]]) }) },
    'warning',
    /up to 1m, and the broker takes it back after 30s$/,
  ],
  [
    'a fast path that is off',
    { capabilities: { isServer: true, countsAtOnce: false, fastPath: { on: false, reason: 'amqplib is 9.9.9' } } },
    'note',
    /^the fast path past amqplib is off: amqplib is 9\.9\.9$/,
  ],
  ['unrouted messages', { unrouted: 3 }, 'problem', /^3 delayed messages stand in warren\.delay\.unrouted/],
  [
    'a queue without consumers',
    { states: [{ queue: 'a', state: { ready: 2, consumers: 0 }, dead: 0, replaying: 0 }] },
    'warning',
    /2 tasks wait in "a"/,
  ],
  [
    'an interrupted replay',
    { states: [{ queue: 'a', state: { ready: 0, consumers: 1 }, dead: 0, replaying: 7 }] },
    'warning',
    /7 letters of "a" in an interrupted replay/,
  ],
  ['an alarm', managed({ alarms: [{ node: 'rabbit@a', kind: 'disk' }] }), 'problem', /rabbit@a has a disk alarm/],
  [
    'a broker that blocks publishers',
    { probe: { missing: [], blocked: 'low on memory' } },
    'problem',
    /blocks publishers \(low on memory\)/,
  ],
  [
    'a right that is missing',
    { probe: { missing: [{ right: 'write', entity: 'exchange', name: '' }], blocked: undefined } },
    'warning',
    /may not write amq\.default$/,
  ],
  [
    'a right to declare that is missing',
    {
      probe: {
        missing: Array.from({ length: 7 }, (_, index) => ({ right: 'configure', entity: 'queue', name: `q${index}` })),
        blocked: undefined,
      },
    },
    'note',
    /may not configure q0, q1, q2, q3, q4 and 2 more$/,
  ],
  [
    'a missing binding of dead letters',
    { differences: [{ kind: 'missing', entity: 'binding', name: 'warren.dead → a.dead (a)' }] },
    'problem',
    /is missing: what the broker gives up on is dropped/,
  ],
  [
    'a binding that nobody planned',
    { differences: [{ kind: 'extra', entity: 'binding', name: 'shop → a (x)' }] },
    'note',
    /"shop → a \(x\)" is not in the plan/,
  ],
  [
    'a task that outlives the configuration that was named',
    { server: OLD, tasks: [task(60_000)], consumerTimeoutMs: 45_000 },
    'warning',
    /takes it back after 45s$/,
  ],
  [
    'a limit that is reached',
    managed({ limits: [{ of: 'queues of the virtual host', limit: 10, used: 9, needed: 3 }] }),
    'problem',
    /may be 10 queues of the virtual host, and there are 9; 3 more are needed/,
  ],
  [
    'a limit that is near',
    managed({ limits: [{ of: 'connections of the virtual host', limit: 10, used: 9, needed: 0 }] }),
    'warning',
    /may be 10 connections/,
  ],
  [
    'what a later version takes away',
    managed({ deprecated: ['global_qos'] }),
    'warning',
    /later RabbitMQ removes: global_qos/,
  ],
  ['what the user may not read', managed({ unreadable: ['alarms'] }), 'note', /not looked at, .*: alarms$/],
  ['disabled feature flags', managed({ disabledFlags: ['khepri_db'] }), 'warning', /khepri_db/],
  ['transient queues', managed({ transientQueues: ['tmp'] }), 'warning', /4\.3 refuses: tmp/],
  [
    'a policy over the guarantees',
    managed({ policies: [{ queue: 'a', policy: 'p', keys: ['max-length', 'overflow'] }] }),
    'warning',
    /"p" sets overflow on "a"/,
  ],
  ['no management plugin', { management: undefined }, 'note', /does not answer/],
])('finds %s', (_name, facts, severity, what) => {
  const [finding, ...others] = diagnose({ ...HEALTHY, ...facts });
  expect(finding).toMatchObject({ severity, what: expect.stringMatching(what) as string });
  expect(finding?.remedy).not.toBe('');
  expect(others).toEqual([]);
});

it('tells the worst first', () => {
  const facts: DoctorFacts = { ...HEALTHY, server: OLD, management: undefined, unrouted: 1, tasks: [task(0)] };
  expect(diagnose(facts).map(({ severity }) => severity)).toEqual(['problem', 'warning', 'note']);
});

it.each<[string, Partial<DoctorFacts>]>([
  ['one node alone', managed({ nodes: 1, plannedQuorumQueues: ['a'] })],
  ['a cluster before 4.3', { server: OLD, ...managed({ nodes: 3, plannedQuorumQueues: ['a'] }) }],
  [
    'the queue of schedules of an earlier version',
    {
      differences: [
        {
          kind: 'different',
          entity: 'queue',
          name: 'warren.schedules',
          differences: [{ field: 'x-consumer-disconnected-timeout', wanted: 10_000, actual: undefined }],
        },
      ],
    },
  ],
])('finds nothing wrong with %s', (_name, facts) => {
  expect(diagnose({ ...HEALTHY, ...facts })).toEqual([]);
});

it('prints commands that a shell takes, for the virtual host it has looked at', () => {
  const [lost] = diagnose({ ...HEALTHY, ...managed({ nodes: 3, vhost: "it's", plannedQuorumQueues: ['a'] }) });
  expect(lost?.remedy).toContain(
    `rabbitmqctl set_policy -p 'it'\\''s' warren-lost-node '^(?!amq\\.|warren\\.delay\\.)' ` +
      `'{"consumer-disconnected-timeout":10000}' --apply-to quorum_queues`,
  );
});

it('names schedules that are stored and cannot be used', () => {
  const unusableSchedules = [{ name: 'late', problem: 'startAt: 8640000000000000 is out of range' }];
  expect(diagnose({ ...HEALTHY, unusableSchedules })).toMatchObject([
    { severity: 'problem', what: expect.stringContaining('"late" makes no ticks: startAt') },
  ]);
});
