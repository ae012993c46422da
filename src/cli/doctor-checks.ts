import type { QueueState, ServerInfo } from '../broker/broker';
import type { QueueDefinition, TaskDefinition } from '../task/definition';
import { formatDuration } from '../time/duration';
import { ackLimit, DEFAULT_ACK_TIMEOUT_MS } from '../topology/ack-timeout';
import type { TopologyDifference } from '../topology/compare';
import { DELAY_UNROUTED } from '../topology/names';

export interface Finding {
  /** `problem`: it bites now; `warning`: it will; `note`: good to know. */
  readonly severity: 'problem' | 'warning' | 'note';
  readonly what: string;
  readonly remedy: string;
}

/** What the management plugin knows. */
export interface ManagementFacts {
  readonly alarms: readonly { readonly node: string; readonly kind: 'memory' | 'disk' }[];
  /** Feature flags that are stable and not enabled. */
  readonly disabledFlags: readonly string[];
  /** Queues that are neither durable nor exclusive. */
  readonly transientQueues: readonly string[];
  /** What policies set on each planned queue. */
  readonly policies: readonly { readonly queue: string; readonly policy: string; readonly keys: readonly string[] }[];
  /** `consumer-timeout` of each queue that has one, in milliseconds. */
  readonly consumerTimeouts: ReadonlyMap<string, number>;
}

export interface DoctorFacts {
  readonly server: ServerInfo;
  readonly tasks: readonly TaskDefinition[];
  readonly queues: readonly QueueDefinition[];
  /** `forbidden`: the user may not configure, and so cannot compare. */
  readonly differences: readonly TopologyDifference[] | 'forbidden';
  readonly states: readonly {
    readonly queue: string;
    readonly state: QueueState | undefined;
    readonly dead: number;
    readonly replaying: number;
  }[];
  readonly unrouted: number;
  readonly management: ManagementFacts | undefined;
}

type Check = (facts: DoctorFacts) => readonly Finding[];

/** Settings that the guarantees rest on. */
const GUARDED_POLICY_KEYS = /^(?:overflow|dead-letter-.*|delivery-limit|message-ttl|expires)$/;

const CHECKS: readonly Check[] = [
  checkVersion,
  checkTopology,
  checkConsumerTimeout,
  checkUnrouted,
  checkQueues,
  checkAlarms,
  checkFeatureFlags,
  checkTransientQueues,
  checkPolicies,
];

/** Everything that will bite, worst first. */
export function diagnose(facts: DoctorFacts): readonly Finding[] {
  const order = ['problem', 'warning', 'note'];
  return CHECKS.flatMap((check) => check(facts)).sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

export function checkVersion({ server }: DoctorFacts): readonly Finding[] {
  const [major = 0, minor = 0] = server.version.split('.').map(Number);
  if (server.product === 'memory' || major > 3 || (major === 3 && minor >= 10)) return [];
  return [
    {
      severity: 'problem',
      what: `${server.product} ${server.version} is older than what Warren is tested on`,
      remedy:
        'Upgrade to 3.10 or newer: before it, quorum queues have neither a message TTL nor at-least-once dead letters.',
    },
  ];
}

export function checkTopology({ differences }: DoctorFacts): readonly Finding[] {
  if (differences === 'forbidden') {
    return [
      {
        severity: 'note',
        what: 'the user may not configure the queues, so their arguments could not be compared',
        remedy: 'Run it as the user that declares them, or give this one the permission.',
      },
    ];
  }
  return differences.flatMap((difference): readonly Finding[] => {
    const { entity, name } = difference;
    if (difference.kind === 'missing') {
      return [
        {
          severity: 'problem',
          what: `the ${entity} "${name}" is missing`,
          remedy: 'Start a worker, or run "warren topology apply".',
        },
      ];
    }
    if (difference.kind !== 'different') return [];
    return difference.differences.map(({ field, wanted, actual }) => ({
      severity: 'problem',
      what: `the ${entity} "${name}" has ${field} ${shown(actual)}, planned is ${shown(wanted)}${actual === undefined ? consequence(field) : ''}`,
      remedy:
        entity === 'queue'
          ? `Run "warren topology migrate", or make the options fit.`
          : 'Delete it while nobody uses it, then run "warren topology apply".',
    }));
  });
}

const shown = (value: unknown): string => (value === undefined ? '(absent)' : JSON.stringify(value));

function consequence(field: string): string {
  if (field.startsWith('x-dead-letter')) return ': what the broker gives up on is dropped';
  return field === 'x-delivery-limit'
    ? ': before RabbitMQ 4.0, a message that kills its workers then lives for ever'
    : '';
}

/** Not where consumers ask for the time that they need: Warren's do. */
export function checkConsumerTimeout({ server, tasks, queues, management }: DoctorFacts): readonly Finding[] {
  return tasks.flatMap(({ name, queue, timeoutMs }): readonly Finding[] => {
    const type = queues.find((each) => each.name === queue)?.type ?? 'quorum';
    if (ackLimit(server, type) !== 'by-broker') return [];
    const known = management?.consumerTimeouts.get(queue);
    const limitMs = known ?? DEFAULT_ACK_TIMEOUT_MS;
    if (timeoutMs > 0 && timeoutMs < limitMs) return [];
    const runs = timeoutMs === 0 ? 'without a limit' : `up to ${formatDuration(timeoutMs)}`;
    return [
      {
        severity: 'warning',
        what: `the task "${name}" may run ${runs}, and the broker takes it back after ${formatDuration(limitMs)}${known === undefined ? ' (its default)' : ''}`,
        remedy:
          'Shorten its timeout, cut the work into parts, raise consumer_timeout in rabbitmq.conf, or upgrade to RabbitMQ 4.3, which Warren tells what each queue needs.',
      },
    ];
  });
}

export function checkUnrouted({ unrouted }: DoctorFacts): readonly Finding[] {
  if (unrouted === 0) return [];
  return [
    {
      severity: 'problem',
      what: `${unrouted} delayed messages stand in ${DELAY_UNROUTED}: the home queue was gone when their time came`,
      remedy: 'Declare that queue again ("warren topology apply"), then move them there with a shovel, or by hand.',
    },
  ];
}

export function checkQueues({ states }: DoctorFacts): readonly Finding[] {
  return states.flatMap(({ queue, state, dead, replaying }): readonly Finding[] => [
    ...(state !== undefined && state.consumers === 0 && state.ready > 0
      ? [
          {
            severity: 'warning' as const,
            what: `${state.ready} tasks wait in "${queue}" and nobody consumes it`,
            remedy: 'Start a worker for it.',
          },
        ]
      : []),
    ...(replaying > 0
      ? [
          {
            severity: 'warning' as const,
            what: `${replaying} letters of "${queue}" stand in an interrupted replay`,
            remedy: `Run "warren dead replay ${queue}" again.`,
          },
        ]
      : []),
    ...(dead > 0
      ? [
          {
            severity: 'note' as const,
            what: `${dead} dead letters stand in "${queue}.dead"`,
            remedy: `Look at them: "warren dead list ${queue}".`,
          },
        ]
      : []),
  ]);
}

export function checkAlarms({ management }: DoctorFacts): readonly Finding[] {
  if (management === undefined) {
    return [
      {
        severity: 'note',
        what: 'alarms, policies, feature flags and transient queues were not looked at: the management plugin does not answer',
        remedy: 'Name it with --management, or look with "rabbitmq-diagnostics".',
      },
    ];
  }
  return management.alarms.map(({ node, kind }) => ({
    severity: 'problem',
    what: `the node ${node} has a ${kind} alarm: every publisher is blocked`,
    remedy: kind === 'disk' ? 'Free disk space, or lower disk_free_limit.' : 'Add memory, or let the queues run down.',
  }));
}

export function checkFeatureFlags({ management }: DoctorFacts): readonly Finding[] {
  const flags = management?.disabledFlags ?? [];
  if (flags.length === 0) return [];
  return [
    {
      severity: 'warning',
      what: `feature flags are not enabled: ${flags.join(', ')}`,
      remedy:
        'Run "rabbitmqctl enable_feature_flag all" before the next upgrade: a newer version refuses to start without them.',
    },
  ];
}

export function checkTransientQueues({ management }: DoctorFacts): readonly Finding[] {
  const queues = management?.transientQueues ?? [];
  if (queues.length === 0) return [];
  return [
    {
      severity: 'warning',
      what: `queues are neither durable nor exclusive, which RabbitMQ 4.3 refuses: ${queues.slice(0, 10).join(', ')}${queues.length > 10 ? ', …' : ''}`,
      remedy:
        'Let whoever declares them make them durable (with x-expires, if they are to go by themselves) or exclusive.',
    },
  ];
}

export function checkPolicies({ management }: DoctorFacts): readonly Finding[] {
  return (management?.policies ?? []).flatMap(({ queue, policy, keys }) => {
    const guarded = keys.filter((key) => GUARDED_POLICY_KEYS.test(key));
    if (guarded.length === 0) return [];
    return [
      {
        severity: 'warning' as const,
        what: `the policy "${policy}" sets ${guarded.join(', ')} on "${queue}", which the guarantees rest on`,
        remedy: 'Take these keys out of the policy, or narrow its pattern.',
      },
    ];
  });
}
