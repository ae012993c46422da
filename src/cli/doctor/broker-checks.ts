import type { DoctorFacts, Finding } from './facts';

/** Settings that the guarantees rest on. */
const GUARDED_POLICY_KEYS = /^(?:overflow|dead-letter-.*|delivery-limit|message-ttl|expires)$/;
const MAX_NAMES = 10;
/** From here on a limit is about to bite. */
const NEARLY = 0.9;

/** The plugin knows the node and the kind; without it, the broker says only that it holds back publishers. */
export function checkAlarms({ probe, management }: DoctorFacts): readonly Finding[] {
  const alarms = management?.alarms ?? [];
  const known = alarms.map(
    ({ node, kind }): Finding => ({
      severity: 'problem',
      what: `the node ${node} has a ${kind} alarm: every publisher is blocked`,
      remedy:
        kind === 'disk' ? 'Free disk space, or lower disk_free_limit.' : 'Add memory, or let the queues run down.',
    }),
  );
  if (probe.blocked === undefined || known.length > 0) return known;
  return [
    {
      severity: 'problem',
      what: `the broker blocks publishers (${probe.blocked}); what needs publishing could not be tried`,
      remedy: 'See "rabbitmq-diagnostics alarms": free disk space or memory, or let the queues run down.',
    },
  ];
}

export function checkLimits({ management }: DoctorFacts): readonly Finding[] {
  return (management?.limits ?? []).flatMap(({ of, limit, used, needed }): readonly Finding[] => {
    const full = used + needed > limit;
    if (!full && used < limit * NEARLY) return [];
    return [
      {
        severity: full ? 'problem' : 'warning',
        what: `there may be ${limit} ${of}, and there are ${used}${needed > 0 ? `; ${needed} more are needed` : ''}`,
        remedy: 'Raise it (rabbitmqctl set_vhost_limits, set_user_limits), or remove what nobody uses.',
      },
    ];
  });
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

export function checkDeprecated({ management }: DoctorFacts): readonly Finding[] {
  const features = management?.deprecated ?? [];
  if (features.length === 0) return [];
  return [
    {
      severity: 'warning',
      what: `features are in use that a later RabbitMQ removes: ${features.join(', ')}`,
      remedy: 'See https://www.rabbitmq.com/release-information/deprecated-features-list before the next upgrade.',
    },
  ];
}

export function checkTransientQueues({ management }: DoctorFacts): readonly Finding[] {
  const queues = management?.transientQueues ?? [];
  if (queues.length === 0) return [];
  return [
    {
      severity: 'warning',
      what: `queues are neither durable nor exclusive, which RabbitMQ 4.3 refuses: ${queues.slice(0, MAX_NAMES).join(', ')}${queues.length > MAX_NAMES ? ', …' : ''}`,
      remedy: 'Change the code that declares them: durable (with x-expires, if they should expire) or exclusive.',
    },
  ];
}

export function checkPolicies({ management }: DoctorFacts): readonly Finding[] {
  return (management?.policies ?? []).flatMap(({ queue, policy, keys }): readonly Finding[] => {
    const guarded = keys.filter((key) => GUARDED_POLICY_KEYS.test(key));
    if (guarded.length === 0) return [];
    return [
      {
        severity: 'warning',
        what: `the policy "${policy}" sets ${guarded.join(', ')} on "${queue}", which the guarantees rest on`,
        remedy: 'Take these keys out of the policy, or narrow its pattern.',
      },
    ];
  });
}

export function checkFastPath({ capabilities: { fastPath } }: DoctorFacts): readonly Finding[] {
  if (fastPath === undefined || fastPath.on) return [];
  return [
    {
      severity: 'note',
      what: `the fast path past amqplib is off: ${fastPath.reason}`,
      remedy: 'Everything works, more slowly. Install a tested version of amqplib to have it on.',
    },
  ];
}

/** What nobody has looked at is said, too: silence would read as health. */
export function checkReadable({ capabilities, management }: DoctorFacts): readonly Finding[] {
  if (!capabilities.isServer) return [];
  if (management === undefined) {
    return [
      {
        severity: 'note',
        what: 'bindings, limits, policies, feature flags and transient queues were not looked at: the management plugin does not answer',
        remedy: 'Name it with --management, or look with "rabbitmq-diagnostics".',
      },
    ];
  }
  if (management.unreadable.length === 0) return [];
  return [
    {
      severity: 'note',
      what: `not looked at, since the management plugin did not answer for this user: ${management.unreadable.join(', ')}`,
      remedy:
        'Give the user the tag "administrator" ("monitoring" is enough for alarms), or name another one with --management.',
    },
  ];
}

export function checkSchedules({ unusableSchedules = [] }: DoctorFacts): readonly Finding[] {
  return unusableSchedules.map(({ name, problem = 'it cannot be used' }) => ({
    severity: 'problem',
    what: `the schedule "${name}" makes no ticks: ${problem}`,
    remedy: 'Remove it with app.schedules.remove and add it again, or change it in the code that carries it.',
  }));
}
