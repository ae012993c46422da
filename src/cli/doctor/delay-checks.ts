import { DELAY_UNROUTED, SCHEDULES_QUEUE } from '../../topology/names';
import { hasDisconnectedTimeout, RECOMMENDED_DISCONNECTED_TIMEOUT_MS } from '../../topology/node-loss';
import type { DoctorFacts, Finding } from './facts';

const MAX_NAMES = 5;

/** Messages whose time in a level is over and that stay there: no queue takes them, or the one that should refuses. */
export function checkStuckDelays({ management }: DoctorFacts): readonly Finding[] {
  const stuck = management?.stuckDelays ?? [];
  if (stuck.length === 0) return [];
  const levels = stuck.map(({ queue, messages }) => `${messages} in ${queue}`).join(', ');
  return [
    {
      severity: 'problem',
      what: `delayed messages cannot leave their level, and hold up those behind them: ${levels}`,
      remedy:
        `Run "warren topology migrate --ladder": with an alternate exchange they go to ${DELAY_UNROUTED} within three minutes. ` +
        'Where they still stay, a home queue refuses them: look for a length limit on it (a policy with max-length).',
    },
  ];
}

/**
 * Since RabbitMQ 4.3, a cluster keeps what a consumer on a lost node had out for a minute, unless the queue says otherwise.
 * One node alone has nobody to take over.
 */
export function checkDisconnectedTimeout({ server, management, queues }: DoctorFacts): readonly Finding[] {
  if (!hasDisconnectedTimeout(server.version) || management === undefined || (management.nodes ?? 1) < 2) return [];
  const known = management.disconnectedTimeouts ?? new Map<string, number>();
  const isSlow = (name: string): boolean =>
    (known.get(name) ?? Number.POSITIVE_INFINITY) > RECOMMENDED_DISCONNECTED_TIMEOUT_MS;
  const planned =
    management.plannedQuorumQueues ?? queues.flatMap(({ name, type }) => (type === 'quorum' ? [name] : []));
  const slow = planned.filter(isSlow);
  if (slow.length === 0) return [];
  const pattern = slow.every((name) => name === SCHEDULES_QUEUE)
    ? '^warren\\.schedules$'
    : '^(?!amq\\.|warren\\.delay\\.)';
  const more = slow.length - MAX_NAMES;
  return [
    {
      severity: 'warning',
      what: `when a node of the cluster is lost, what its workers had taken from ${slow.slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''} comes back after 60 s: these queues have no consumer-disconnected-timeout`,
      remedy:
        `Set a policy: rabbitmqctl set_policy ${policyVhost(management.vhost)}warren-lost-node '${pattern}' ` +
        `'{"consumer-disconnected-timeout":${RECOMMENDED_DISCONNECTED_TIMEOUT_MS}}' --apply-to quorum_queues. ` +
        'A queue obeys one policy: where another one matches, add the key to that.',
    },
  ];
}

const policyVhost = (vhost: string | undefined): string =>
  vhost === undefined || vhost === '/' ? '' : `-p '${vhost.replaceAll("'", "'\\''")}' `;
