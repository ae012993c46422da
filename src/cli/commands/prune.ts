import type { Command } from 'commander';
import type { TaskApp } from '../../app/task-app';
import type { QueueType } from '../../task/definition';
import { printable } from '../../text/printable';
import { DELAY_UNROUTED, deadQueueName, isReservedName, replayQueueName, suspectQueueName } from '../../topology/names';
import {
  homeQueueArguments,
  keptQueueArguments,
  replayQueueArguments,
  suspectQueueArguments,
} from '../../topology/queue-arguments';
import type { QueueSpec } from '../../topology/topology';
import { confirm } from '../ask';
import { EXIT, type ExitCode } from '../exit-codes';
import { classicQueueInUse, field, list, type ManagementApi, openManagement, text } from '../management';
import { type CommonOptions, withCommonOptions, withManagementOptions } from '../options';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { assertTasks } from './topology';

interface PruneOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** A queue that could go, or why it stays. */
interface Candidate {
  readonly name: string;
  readonly type: QueueType;
  /** `undefined`: it is empty, unused and Warren's. */
  readonly keptBecause: string | undefined;
}

export function addPruneCommand(topology: Command, session: Session): void {
  const command = topology
    .command('prune')
    .description("Delete queues that are Warren's, not in the plan, empty and unused. Asks first.")
    .argument('[queue...]', 'home queues that are no longer used (default: found, where the management plugin answers)')
    .option('--dry-run', 'only show what would be deleted')
    .option('--yes', 'do not ask');
  withManagementOptions(withCommonOptions(command, 'warren topology prune old-emails --dry-run'));
  command.action(async (queues: readonly string[], options: PruneOptions) => {
    session.exitCode = await session.withApp(options, (app) => prune(queues, options, app, session));
  });
}

async function prune(
  named: readonly string[],
  options: PruneOptions,
  app: TaskApp,
  session: Session,
): Promise<ExitCode> {
  assertTasks(app);
  const output = session.output(options);
  const management = await openManagement(options, app, session);
  const homes = named.length > 0 ? named : await findHomes(app, management);
  const planned = new Set(app.topology.queues.map(({ name }) => name));
  const candidates: Candidate[] = [];
  for (const home of new Set(homes)) candidates.push(...(await candidatesOf(home, planned, app, management)));
  const going = candidates.filter(({ keptBecause }) => keptBecause === undefined);
  for (const { name, keptBecause } of candidates) {
    if (keptBecause !== undefined) output.note(printable(`${name} stays: ${keptBecause}`));
  }
  const names = going.map(({ name }) => printable(name)).join(', ');
  const asked = options.dryRun !== true && going.length > 0;
  if (asked && !(await confirm(`Delete ${going.length} queues: ${names}?`, options.yes, output))) {
    output.note('Nothing was deleted.');
    return EXIT.usage;
  }
  const results = asked ? await deleteAll(going, app, management) : [];
  const lost = results.reduce((sum, each) => sum + each.lost, 0);
  if (output.json) output.printJson({ candidates, deleted: results });
  else if (going.length === 0) output.print('Nothing to prune.');
  else if (!asked) output.print(`Would delete ${names}.`);
  else for (const { name, result } of results) output.print(printable(`${name}: ${result}.`));
  return lost === 0 && results.every(({ result }) => result === 'deleted') ? EXIT.ok : EXIT.problem;
}

/** Queues with Warren's dead-letter exchange, or names that only it gives. AMQP itself cannot list queues. */
async function findHomes(app: TaskApp, management: ManagementApi | undefined): Promise<readonly string[]> {
  if (management === undefined) {
    throw new UsageError(
      'name the queues: AMQP cannot list them, and the management plugin does not answer (--management)',
    );
  }
  const names = list(
    await management.get(`/queues/${management.vhost}?disable_stats=true&enable_queue_totals=true`),
  ).flatMap((queue) => text(field(queue, 'name')) ?? []);
  const homes = names.flatMap((name) => (name.endsWith('.dead') ? [name.slice(0, -'.dead'.length)] : []));
  const planned = new Set(app.catalog.queues.map(({ name }) => name));
  return homes.filter((name) => !planned.has(name));
}

async function candidatesOf(
  home: string,
  planned: ReadonlySet<string>,
  app: TaskApp,
  management: ManagementApi | undefined,
): Promise<readonly Candidate[]> {
  if (isReservedName(home) || home === DELAY_UNROUTED) return [];
  const types: readonly QueueType[] = ['quorum', 'classic'];
  const homes = types.map((type) => ({ name: home, arguments: homeQueueArguments({ ...NO_QUEUE, name: home, type }) }));
  const dead = types.map((type) => ({ name: deadQueueName(home), arguments: keptQueueArguments(type) }));
  const replay = [{ name: replayQueueName(home), arguments: replayQueueArguments(home) }];
  const suspects = [
    { name: suspectQueueName(home), arguments: suspectQueueArguments({ ...NO_QUEUE, name: home, type: 'quorum' }) },
  ];
  const found: Candidate[] = [];
  for (const variants of [homes, dead, replay, suspects]) {
    const name = variants[0]?.name ?? '';
    const candidate = planned.has(name) ? undefined : await candidateOf(name, variants, app, management);
    if (candidate !== undefined) found.push(candidate);
  }
  return found;
}

const NO_QUEUE = { concurrency: 1, prefetch: 1, bindings: [], maxPriority: undefined, maxCrashes: 3 } as const;

async function candidateOf(
  name: string,
  variants: readonly QueueSpec[],
  app: TaskApp,
  management: ManagementApi | undefined,
): Promise<Candidate | undefined> {
  const state = await app.broker.queueState(name);
  if (state === undefined) return undefined;
  for (const spec of variants) {
    const differences = await app.broker.admin.inspect({ exchanges: [], queues: [spec], bindings: [] });
    if (differences.length > 0) continue;
    const type: QueueType = spec.arguments['x-queue-type'] === 'classic' ? 'classic' : 'quorum';
    const outside = type === 'classic' ? await classicQueueInUse(name, management) : undefined;
    return { name, type, keptBecause: reasonToKeep(state) ?? outside };
  }
  return { name, type: 'quorum', keptBecause: "its arguments are not Warren's" };
}

function reasonToKeep({
  ready,
  consumers,
}: {
  readonly ready: number;
  readonly consumers: number;
}): string | undefined {
  if (ready > 0) return `${ready} messages stand in it`;
  return consumers > 0 ? `${consumers} consumers use it` : undefined;
}

async function deleteAll(going: readonly Candidate[], app: TaskApp, management: ManagementApi | undefined) {
  const results: { name: string; result: string; lost: number }[] = [];
  for (const { name, type } of going) {
    // Once more: a person may have taken a while to answer.
    const isOut = type === 'classic' && (await classicQueueInUse(name, management)) !== undefined;
    const deletion = isOut ? ({ kind: 'in-use' } as const) : await app.broker.deleteUnused(name, type);
    const lost = deletion.kind === 'deleted' ? deletion.lost : 0;
    const result = lost > 0 ? `deleted with ${lost} messages that came at that instant` : deletion.kind;
    results.push({ name, result, lost });
  }
  return results;
}
