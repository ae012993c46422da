import { formatDuration } from '../../time/duration';
import { ackLimit, DEFAULT_ACK_TIMEOUT_MS } from '../../topology/ack-timeout';
import type { TopologyDifference } from '../../topology/compare';
import { DEAD_EXCHANGE, DELAY_UNROUTED } from '../../topology/names';
import {
  checkAlarms,
  checkDeprecated,
  checkFeatureFlags,
  checkLimits,
  checkPolicies,
  checkReadable,
  checkTransientQueues,
} from './broker-checks';
import type { Check, DoctorFacts, Finding } from './facts';
import { checkPermissions } from './permission-checks';

const CHECKS: readonly Check[] = [
  checkVersion,
  checkTopology,
  checkPermissions,
  checkConsumerTimeout,
  checkUnrouted,
  checkQueues,
  checkAlarms,
  checkLimits,
  checkFeatureFlags,
  checkDeprecated,
  checkTransientQueues,
  checkPolicies,
  checkReadable,
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
  return differences.flatMap(differenceFindings);
}

function differenceFindings(difference: TopologyDifference): readonly Finding[] {
  const { entity, name } = difference;
  switch (difference.kind) {
    case 'missing':
      return [
        {
          severity: 'problem',
          what: `the ${entity} "${name}" is missing${missingConsequence(name)}`,
          remedy: 'Start a worker, or run "warren topology apply".',
        },
      ];
    case 'extra':
      return [
        {
          severity: 'note',
          what: `the ${entity} "${name}" is not in the plan`,
          remedy: 'Where nobody means it, remove it by hand: Warren never removes what others may have made.',
        },
      ];
    case 'different':
      return difference.differences.map(({ field, wanted, actual }) => ({
        severity: 'problem',
        what: `the ${entity} "${name}" has ${field} ${shown(actual)}, planned is ${shown(wanted)}${actual === undefined ? consequence(field) : ''}`,
        remedy:
          entity === 'queue'
            ? `Run "warren topology migrate", or make the options fit.`
            : 'Delete it while nobody uses it, then run "warren topology apply".',
      }));
  }
}

/** What is lost without it, where that is more than itself. */
function missingConsequence(name: string): string {
  const dead = name === DEAD_EXCHANGE || name.startsWith(`${DEAD_EXCHANGE} → `);
  return dead ? ': what the broker gives up on is dropped' : '';
}

const shown = (value: unknown): string => (value === undefined ? '(absent)' : JSON.stringify(value));

function consequence(field: string): string {
  if (field.startsWith('x-dead-letter')) return ': what the broker gives up on is dropped';
  return field === 'x-delivery-limit'
    ? ': before RabbitMQ 4.0, a message that kills its workers then lives for ever'
    : '';
}

/** Not where consumers ask for the time that they need: Warren's do. */
export function checkConsumerTimeout(facts: DoctorFacts): readonly Finding[] {
  const { server, tasks, queues, management, consumerTimeoutMs } = facts;
  return tasks.flatMap(({ name, queue, timeoutMs }): readonly Finding[] => {
    const type = queues.find((each) => each.name === queue)?.type ?? 'quorum';
    if (ackLimit(server, type) !== 'by-broker') return [];
    const known = management?.consumerTimeouts.get(queue) ?? consumerTimeoutMs;
    const limitMs = known ?? DEFAULT_ACK_TIMEOUT_MS;
    if (timeoutMs > 0 && timeoutMs < limitMs) return [];
    const runs = timeoutMs === 0 ? 'without a limit' : `up to ${formatDuration(timeoutMs)}`;
    return [
      {
        severity: 'warning',
        what: `the task "${name}" may run ${runs}, and the broker takes it back after ${formatDuration(limitMs)}${known === undefined ? ' (its default)' : ''}`,
        remedy:
          'Shorten its timeout, cut the work into parts, raise consumer_timeout in rabbitmq.conf (and say it: --consumer-timeout 2h), or upgrade to RabbitMQ 4.3, which Warren tells what each queue needs.',
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
