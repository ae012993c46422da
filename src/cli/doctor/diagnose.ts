import { amountOf } from '../../text/amount';
import { formatDuration } from '../../time/duration';
import { ackLimit, DEFAULT_ACK_TIMEOUT_MS } from '../../topology/ack-timeout';
import { DELAY_UNROUTED } from '../../topology/names';
import {
  checkAlarms,
  checkDeprecated,
  checkFastPath,
  checkFeatureFlags,
  checkLimits,
  checkPolicies,
  checkReadable,
  checkSchedules,
  checkTransientQueues,
} from './broker-checks';
import { checkDisconnectedTimeout, checkStuckDelays } from './delay-checks';
import type { Check, DoctorFacts, Finding } from './facts';
import { checkPermissions } from './permission-checks';
import { checkTopology } from './topology-checks';

const CHECKS: readonly Check[] = [
  checkVersion,
  checkTopology,
  checkPermissions,
  checkConsumerTimeout,
  checkStuckDelays,
  checkUnrouted,
  checkQueues,
  checkAlarms,
  checkLimits,
  checkFeatureFlags,
  checkDeprecated,
  checkTransientQueues,
  checkPolicies,
  checkDisconnectedTimeout,
  checkTasks,
  checkReadable,
  checkFastPath,
  checkSchedules,
];

/** All findings, worst first. */
export function diagnose(facts: DoctorFacts): readonly Finding[] {
  const order = ['problem', 'warning', 'note'];
  return CHECKS.flatMap((check) => check(facts)).sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

export function checkVersion({ server, capabilities }: DoctorFacts): readonly Finding[] {
  const [major = 0, minor = 0] = server.version.split('.').map(Number);
  if (!capabilities.isServer || major > 3 || (major === 3 && minor >= 10)) return [];
  return [
    {
      severity: 'problem',
      what: `${server.product} ${server.version} is older than what Warren is tested on`,
      remedy:
        'Upgrade to 3.10 or newer: before it, quorum queues have neither a message TTL nor at-least-once dead letters.',
    },
  ];
}

/** Not where consumers ask for the time that they need: Warren's do. */
export function checkConsumerTimeout(facts: DoctorFacts): readonly Finding[] {
  const { server, capabilities, tasks, queues, management, consumerTimeoutMs } = facts;
  return tasks.flatMap(({ name, queue, timeoutMs }): readonly Finding[] => {
    const type = queues.find((each) => each.name === queue)?.type ?? 'quorum';
    if (!capabilities.isServer || ackLimit(server.version, type) !== 'by-broker') return [];
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
      what: `${unrouted} delayed messages stand in ${DELAY_UNROUTED}: the home queue was gone when their time came, or no level of the delay ladder takes their routing key`,
      remedy:
        'Declare the home queue again ("warren topology apply"), then run "warren topology migrate --ladder": it puts them back. What stays there was sent by mistake: look at it, then purge it.',
    },
  ];
}

export function checkQueues({ states }: DoctorFacts): readonly Finding[] {
  return states.flatMap(({ queue, state, dead, replaying }): readonly Finding[] => [
    ...(state !== undefined && state.consumers === 0 && state.ready > 0
      ? [
          {
            severity: 'warning' as const,
            what: `${amountOf(state.ready, 'task')} wait${state.ready === 1 ? 's' : ''} in "${queue}" and no worker consumes it`,
            remedy: 'Start a worker for it.',
          },
        ]
      : []),
    ...(replaying > 0
      ? [
          {
            severity: 'warning' as const,
            what: `${amountOf(replaying, 'letter')} of "${queue}" in an interrupted replay`,
            remedy: `Run "warren dead replay ${queue}" again.`,
          },
        ]
      : []),
    ...(dead > 0
      ? [
          {
            severity: 'note' as const,
            what: `${amountOf(dead, 'dead letter')} in "${queue}.dead"`,
            remedy: `Look at them: "warren dead list ${queue}".`,
          },
        ]
      : []),
  ]);
}

/** Without tasks there is no plan to compare, and none of their queues to look at. */
export function checkTasks({ withoutTasks }: DoctorFacts): readonly Finding[] {
  if (withoutTasks !== true) return [];
  return [
    {
      severity: 'note',
      what: 'no task is known here: their queues, dead letters, timeouts, permissions and policies were not looked at',
      remedy: 'Name the files that define them: --tasks "dist/**/*.tasks.js", or "tasks" in warren.config.js.',
    },
  ];
}
