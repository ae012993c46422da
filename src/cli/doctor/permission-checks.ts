import type { MissingPermission } from '../../broker/admin';
import type { DoctorFacts, Finding } from './facts';

const MAX_NAMES = 5;

/** What each right is for, and so how much it matters that it is missing. */
const RIGHTS = {
  configure: {
    severity: 'note',
    remedy: 'Only who declares needs it; a worker with topology "verify" or "off" does not.',
  },
  write: {
    severity: 'warning',
    remedy:
      'Without it nothing is enqueued, retried or kept as a dead letter by this user: see rabbitmqctl set_permissions.',
  },
  read: {
    severity: 'warning',
    remedy: 'Without it this user can neither run tasks nor look at dead letters: see rabbitmqctl set_permissions.',
  },
} as const;

/** What the user of the URL may not do, as the broker itself has answered. */
export function checkPermissions({ probe: { missing } }: DoctorFacts): readonly Finding[] {
  return (['read', 'write', 'configure'] as const).flatMap((right): readonly Finding[] => {
    const found = missing.filter((permission) => permission.right === right);
    if (found.length === 0) return [];
    const { severity, remedy } = RIGHTS[right];
    return [{ severity, what: `the user of the URL may not ${right} ${namesOf(found)}`, remedy }];
  });
}

function namesOf(missing: readonly MissingPermission[]): string {
  const names = missing.slice(0, MAX_NAMES).map(({ name }) => (name === '' ? 'amq.default' : name));
  const more = missing.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
