import { amountOf } from '../../text/amount';
import type { TopologyDifference } from '../../topology/compare';
import { DEAD_EXCHANGE, isDelayLevelName, SCHEDULES_QUEUE } from '../../topology/names';
import type { DoctorFacts, Finding } from './facts';

type Missing = Extract<TopologyDifference, { kind: 'missing' | 'extra' }>;
type Different = Extract<TopologyDifference, { kind: 'different' }>;

const ENTITIES = ['exchange', 'queue', 'binding'] as const;
const MAX_NAMES = 5;

/** One finding for one cause: what is missing was not declared, whether it is one queue or everything. */
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
  const different = differences.flatMap((each) =>
    each.kind === 'different' && !isFormerSchedules(each) ? [each] : [],
  );
  return [
    ...missingFinding(differences.flatMap((each) => (each.kind === 'missing' ? [each] : []))),
    ...formerLadderFinding(different.filter(isFormerLevel)),
    ...different.filter((each) => !isFormerLevel(each)).flatMap(differentFindings),
    ...differences.filter((each) => each.kind === 'extra').map(extraFinding),
  ];
}

function missingFinding(missing: readonly Missing[]): readonly Finding[] {
  const [first, ...others] = missing;
  if (first === undefined) return [];
  const isDead = missing.some(({ name }) => name === DEAD_EXCHANGE || name.startsWith(`${DEAD_EXCHANGE} → `));
  const what =
    others.length === 0
      ? `the ${first.entity} "${first.name}" is missing`
      : `${counted(missing)} are missing: ${named(missing)}`;
  return [
    {
      severity: 'problem',
      what: `${what}${isDead ? ': what the broker gives up on is dropped' : ''}`,
      remedy: 'Start a worker, or run "warren topology apply".',
    },
  ];
}

/** `3 exchanges, 1 queue`. */
function counted(found: readonly { readonly entity: (typeof ENTITIES)[number] }[]): string {
  const counts = ENTITIES.map((entity) => ({ entity, count: found.filter((each) => each.entity === entity).length }));
  return counts
    .filter(({ count }) => count > 0)
    .map(({ entity, count }) => amountOf(count, entity))
    .join(', ');
}

/** The names of users' own queues first: those of the ladder are the same everywhere. */
function named(found: readonly { readonly name: string }[]): string {
  const names = found.map(({ name }) => name);
  const sorted = [
    ...names.filter((name) => !name.startsWith('warren.')),
    ...names.filter((name) => name.startsWith('warren.')),
  ];
  const more = sorted.length - MAX_NAMES;
  return `${sorted.slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** An earlier version of Warren declared the levels of the ladder without an alternate exchange. */
function isFormerLevel({ entity, name, differences }: Different): boolean {
  return (
    entity === 'exchange' && isDelayLevelName(name) && differences.every(({ field }) => field === 'alternate-exchange')
  );
}

/** An earlier version declared the queue of schedules without it. It works, and in a cluster a policy does the same. */
function isFormerSchedules({ name, differences }: Different): boolean {
  return name === SCHEDULES_QUEUE && differences.every(({ field }) => field === 'x-consumer-disconnected-timeout');
}

function formerLadderFinding(levels: readonly Different[]): readonly Finding[] {
  const [first] = levels;
  if (first === undefined) return [];
  const some = levels.length === 1 ? `the exchange "${first.name}"` : `${levels.length} exchanges of the delay ladder`;
  return [
    {
      severity: 'problem',
      what: `${some} ${levels.length === 1 ? 'has' : 'have'} no alternate exchange: 32 messages that no binding takes stop a level for every queue of the virtual host, and delayed tasks and retries wait there`,
      remedy:
        'Run "warren topology migrate --ladder" once no earlier version of Warren runs. It works while tasks go on, and frees what waits.',
    },
  ];
}

function differentFindings({ entity, name, differences }: Different): readonly Finding[] {
  return differences.map(({ field, wanted, actual }) => ({
    severity: 'problem',
    what: `the ${entity} "${name}" has ${field} ${shown(actual)}, planned is ${shown(wanted)}${actual === undefined ? consequence(field) : ''}`,
    remedy:
      entity === 'queue'
        ? `Run "warren topology migrate", or make the options fit.`
        : 'Delete it while nobody uses it, then run "warren topology apply".',
  }));
}

function extraFinding({ entity, name }: TopologyDifference): Finding {
  return {
    severity: 'note',
    what: `the ${entity} "${name}" is not in the plan`,
    remedy: 'If it is not wanted, remove it by hand: Warren never removes what others may have made.',
  };
}

const shown = (value: unknown): string => (value === undefined ? '(absent)' : JSON.stringify(value));

/** What is lost without the argument, where that is more than itself. */
function consequence(field: string): string {
  if (field.startsWith('x-dead-letter')) return ': what the broker gives up on is dropped';
  return field === 'x-delivery-limit'
    ? ': before RabbitMQ 4.0, a message that kills its workers then lives for ever'
    : '';
}
