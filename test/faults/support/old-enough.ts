import { eventually } from '../../support/bounded';

/**
 * A quorum queue younger than about a second does not survive a kill of its nodes: the server's own window. One node
 * comes back with the queue empty; where two of three are killed, their members of it are gone, and it never has a
 * leader again.
 */
const OLD_ENOUGH_MS = 2_000;

/** Waits until queues that were declared at that time outlive a kill. @param declaredAt - as `Date.now()`. */
export async function untilOldEnough(declaredAt: number): Promise<void> {
  await eventually(
    'the queues to be old enough',
    () => Date.now() - declaredAt,
    (age) => age > OLD_ENOUGH_MS,
  );
}
