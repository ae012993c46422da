import type { TaskApp } from '../../app/task-app';
import { isDelayLevelName, SCHEDULES_QUEUE, suspectQueueName } from '../../topology/names';
import { field, list, type ManagementApi, number, text } from '../management';
import type { Limit, ManagementFacts } from './facts';

/** Connections that a worker opens at least: one publishes, one consumes. */
const WORKER_CONNECTIONS = 2;
/** Longer than the 5 s after which the plugin counts anew. */
const SAMPLE_MS = 6_000;
/** Told apart: queues of their own, by name. */
const TRANSIENT_FEATURE = 'transient_nonexcl_queues';
/** On by default everywhere, and of no consequence for messages. */
const HARMLESS_FEATURES = new Set(['management_metrics_collection', TRANSIENT_FEATURE]);

/** Reads what AMQP does not tell. What the user may not read is remembered by its name. */
export async function readManagementFacts(
  api: ManagementApi,
  app: TaskApp,
  missingQueues: number,
): Promise<ManagementFacts> {
  const unreadable: string[] = [];
  const read = async (what: string, path: string): Promise<readonly unknown[]> => {
    const found = await api.get(path);
    if (found === undefined) unreadable.push(what);
    return list(found);
  };
  const [nodes, flags, queues, deprecated] = await Promise.all([
    read('alarms', '/nodes'),
    read('feature flags', '/feature-flags'),
    read('queues and policies', `/queues/${api.vhost}`),
    // Since 3.13: an older broker has no such list.
    api.get('/deprecated-features/used'),
  ]);
  const stuckDelays = await readStuckDelays(api, queues);
  const limits = await readLimits(api, read, queues.length, missingQueues);
  return {
    unreadable,
    alarms: nodes.flatMap(alarmsOf),
    disabledFlags: flags
      .filter((flag) => field(flag, 'state') === 'disabled' && field(flag, 'stability') === 'stable')
      .flatMap((flag) => text(field(flag, 'name')) ?? []),
    deprecated: list(deprecated)
      .flatMap((feature) => text(field(feature, 'name')) ?? [])
      .filter((name) => !HARMLESS_FEATURES.has(name)),
    ...queueFacts(queues, app),
    stuckDelays,
    nodes: nodes.length,
    vhost: decodeURIComponent(api.vhost),
    limits,
  };
}

function alarmsOf(node: unknown): ManagementFacts['alarms'] {
  const name = text(field(node, 'name')) ?? '?';
  return [
    ...(field(node, 'mem_alarm') === true ? [{ node: name, kind: 'memory' as const }] : []),
    ...(field(node, 'disk_free_alarm') === true ? [{ node: name, kind: 'disk' as const }] : []),
  ];
}

function queueFacts(
  queues: readonly unknown[],
  app: TaskApp,
): Pick<
  ManagementFacts,
  'transientQueues' | 'policies' | 'consumerTimeouts' | 'disconnectedTimeouts' | 'plannedQuorumQueues'
> {
  const planned = new Set(app.topology.queues.map(({ name }) => name));
  // Workers consume these; of dead letters and of the ladder nothing is out for longer than somebody looks.
  const consumed = new Set([
    ...app.catalog.queues.flatMap(({ name }) => [name, suspectQueueName(name)]),
    SCHEDULES_QUEUE,
  ]);
  const known = queues.map((queue) => ({
    name: text(field(queue, 'name')) ?? '',
    policies: [text(field(queue, 'policy')), text(field(queue, 'operator_policy'))].filter(
      (policy): policy is string => policy !== undefined && policy !== '',
    ),
    keys: Object.keys(Object(field(queue, 'effective_policy_definition'))),
    transient: field(queue, 'durable') === false && field(queue, 'exclusive') !== true,
    type: text(field(queue, 'type')),
    disconnectedTimeout: smaller(
      number(field(queue, 'effective_policy_definition', 'consumer-disconnected-timeout')),
      number(field(queue, 'arguments', 'x-consumer-disconnected-timeout')),
    ),
    timeout:
      number(field(queue, 'effective_policy_definition', 'consumer-timeout')) ??
      number(field(queue, 'arguments', 'x-consumer-timeout')),
  }));
  return {
    transientQueues: known.filter(({ transient }) => transient).map(({ name }) => name),
    policies: known
      .filter(({ name, policies }) => policies.length > 0 && planned.has(name))
      .map(({ name, policies, keys }) => ({ queue: name, policy: policies.join('" and "'), keys })),
    consumerTimeouts: new Map(
      known.flatMap(({ name, timeout }) => (timeout === undefined ? [] : [[name, timeout] as const])),
    ),
    disconnectedTimeouts: new Map(
      known.flatMap(({ name, disconnectedTimeout }) =>
        disconnectedTimeout === undefined ? [] : [[name, disconnectedTimeout] as const],
      ),
    ),
    plannedQuorumQueues: known
      .filter(({ name, type }) => type === 'quorum' && consumed.has(name))
      .map(({ name }) => name),
  };
}

/** Of a policy and an argument, RabbitMQ obeys the smaller one. */
function smaller(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

/**
 * A level that moves a message on has it among its dead letters for milliseconds. Two samples of the plugin's, one after
 * the other, tell those from messages that stay.
 */
async function readStuckDelays(
  api: ManagementApi,
  queues: readonly unknown[],
): Promise<readonly { readonly queue: string; readonly messages: number }[]> {
  const suspects = stuckIn(queues);
  if (suspects.length === 0) return [];
  await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  const again = stuckIn(list(await api.get(`/queues/${api.vhost}`)));
  return again.filter(({ queue }) => suspects.some((suspect) => suspect.queue === queue));
}

function stuckIn(queues: readonly unknown[]): readonly { readonly queue: string; readonly messages: number }[] {
  return queues.flatMap((each) => {
    const queue = text(field(each, 'name')) ?? '';
    const messages = number(field(each, 'messages_dlx')) ?? 0;
    return messages > 0 && isDelayLevelName(queue) ? [{ queue, messages }] : [];
  });
}

async function readLimits(
  api: ManagementApi,
  read: (what: string, path: string) => Promise<readonly unknown[]>,
  queues: number,
  missingQueues: number,
): Promise<readonly Limit[]> {
  const user = text(field(await api.get('/whoami'), 'name')) ?? '';
  const [ofVhost, ofUser, connections] = await Promise.all([
    read('limits of the virtual host', `/vhost-limits/${api.vhost}`),
    read('limits of the user', `/user-limits/${encodeURIComponent(user)}`),
    read('connections', `/vhosts/${api.vhost}/connections`),
  ]);
  const own = connections.filter((connection) => field(connection, 'user') === user);
  const channels = own.reduce<number>((sum, connection) => sum + (number(field(connection, 'channels')) ?? 0), 0);
  return [
    ...limit('queues of the virtual host', ofVhost, 'max-queues', queues, missingQueues),
    ...limit('connections of the virtual host', ofVhost, 'max-connections', connections.length, WORKER_CONNECTIONS),
    ...limit(`connections of the user "${user}"`, ofUser, 'max-connections', own.length, WORKER_CONNECTIONS),
    ...limit(`channels of the user "${user}"`, ofUser, 'max-channels', channels, WORKER_CONNECTIONS),
  ];
}

/** RabbitMQ takes a negative limit for none. */
function limit(of: string, limits: readonly unknown[], key: string, used: number, needed: number): readonly Limit[] {
  const value = limits.map((each) => number(field(each, 'value', key))).find((each) => each !== undefined);
  return value === undefined || value < 0 ? [] : [{ of, limit: value, used, needed }];
}
