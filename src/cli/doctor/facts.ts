import type { BrokerProbe } from '../../broker/admin';
import type { QueueState, ServerInfo } from '../../broker/broker';
import type { BrokerCapabilities } from '../../broker/capabilities';
import type { ScheduleInfo } from '../../schedule/state/schedule-info';
import type { QueueDefinition, TaskDefinition } from '../../task/definition';
import type { TopologyDifference } from '../../topology/compare';

export interface Finding {
  /** `problem`: it bites now; `warning`: it will; `note`: good to know. */
  readonly severity: 'problem' | 'warning' | 'note';
  readonly what: string;
  readonly remedy: string;
}

/** Something that may not become more than a number. */
export interface Limit {
  /** `queues of the virtual host`. */
  readonly of: string;
  readonly limit: number;
  readonly used: number;
  /** How many a plan, or a worker, still needs. */
  readonly needed: number;
}

/** What the management plugin knows. What its user may not read is empty here, and named in `unreadable`. */
export interface ManagementFacts {
  /** `alarms`, `feature flags`, …: what the plugin did not answer. */
  readonly unreadable: readonly string[];
  readonly alarms: readonly { readonly node: string; readonly kind: 'memory' | 'disk' }[];
  /** Feature flags that are stable and not enabled. */
  readonly disabledFlags: readonly string[];
  /** What somebody uses and a later version takes away. */
  readonly deprecated: readonly string[];
  /** Queues that are neither durable nor exclusive. */
  readonly transientQueues: readonly string[];
  /** What policies set on each planned queue. */
  readonly policies: readonly { readonly queue: string; readonly policy: string; readonly keys: readonly string[] }[];
  /** `consumer-timeout` of each queue that has one, in milliseconds. */
  readonly consumerTimeouts: ReadonlyMap<string, number>;
  readonly limits: readonly Limit[];
  /** Levels of the delay ladder with messages whose time is over, seen twice. */
  readonly stuckDelays?: readonly { readonly queue: string; readonly messages: number }[];
  /** Nodes of the cluster. @defaultValue 1 */
  readonly nodes?: number;
  /** `consumer-disconnected-timeout` of each queue that has one, in milliseconds. */
  readonly disconnectedTimeouts?: ReadonlyMap<string, number>;
  /** Planned quorum queues that exist and are consumed. */
  readonly plannedQuorumQueues?: readonly string[];
  /** The virtual host, by its own name. */
  readonly vhost?: string;
}

export interface DoctorFacts {
  readonly server: ServerInfo;
  readonly capabilities: BrokerCapabilities;
  readonly tasks: readonly TaskDefinition[];
  readonly queues: readonly QueueDefinition[];
  /** `forbidden`: the user may not configure, and so cannot compare. */
  readonly differences: readonly TopologyDifference[] | 'forbidden';
  readonly probe: BrokerProbe;
  readonly states: readonly {
    readonly queue: string;
    readonly state: QueueState | undefined;
    readonly dead: number;
    readonly replaying: number;
  }[];
  readonly unrouted: number;
  /** `consumer_timeout` of the broker's configuration, where somebody has said it: no broker tells. Milliseconds. */
  readonly consumerTimeoutMs: number | undefined;
  readonly management: ManagementFacts | undefined;
  /** Whether no task is known: nobody has named files with tasks. @defaultValue `false` */
  readonly withoutTasks?: boolean;
  /** Schedules on the broker that the worker that leads cannot use. @defaultValue none */
  readonly unusableSchedules?: readonly Pick<ScheduleInfo, 'name' | 'problem'>[];
}

export type Check = (facts: DoctorFacts) => readonly Finding[];
