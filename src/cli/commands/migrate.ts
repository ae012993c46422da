import type { Command } from 'commander';
import type { TaskApp } from '../../app/task-app';
import { assertNever } from '../../errors/assert-never';
import { type LadderMigrationResult, migrateLadder, unplannedLadderExchanges } from '../../migration/migrate-ladder';
import { migrateQueue, readMigrationFacts } from '../../migration/migrate-queue';
import { type MigrationStep, nextStep } from '../../migration/next-step';
import { printable } from '../../text/printable';
import { systemClock } from '../../time/system-clock';
import { deadQueueName, suspectQueueName } from '../../topology/names';
import type { QueueSpec } from '../../topology/topology';
import { confirm } from '../ask';
import { queuesOf } from '../dead-options';
import { EXIT, type ExitCode } from '../exit-codes';
import { type Interruption, listenForInterrupt } from '../interrupt';
import { classicQueueInUse, type ManagementApi, openManagement } from '../management';
import { type CommonOptions, withCommonOptions, withManagementOptions } from '../options';
import type { Output } from '../output';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { assertTasks } from './topology';

interface MigrateOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly ladder?: boolean;
  readonly unchecked?: boolean;
}

export function addMigrateCommand(topology: Command, session: Session): void {
  const command = topology
    .command('migrate')
    .description(
      'Give queues the arguments of the plan, and keep their messages. Stop their workers and senders first.',
    )
    .argument('[queue...]', 'home queues; each with its dead letters and suspects (default: those of the tasks)')
    .option('--ladder', 'only the exchanges of the delay ladder, while tasks go on; once no earlier version runs')
    .option(
      '--unchecked',
      'also classic queues of which no management plugin says what is out: you stopped who held it',
    )
    .option('--dry-run', 'only say what would be moved')
    .option('--yes', 'do not ask');
  withManagementOptions(withCommonOptions(command, "warren topology migrate emails --tasks 'dist/**/*.tasks.js'"));
  command.action(async (queues: readonly string[], options: MigrateOptions) => {
    if (options.ladder === true && queues.length > 0) throw new UsageError('give either --ladder or queues');
    session.exitCode = await session.withApp(options, (app) =>
      options.ladder === true
        ? migrateLadderOf(options, app, session.output(options))
        : migrate(queues, options, app, session),
    );
  });
}

async function migrate(
  named: readonly string[],
  options: MigrateOptions,
  app: TaskApp,
  session: Session,
): Promise<ExitCode> {
  assertTasks(app);
  const output = session.output(options);
  const names = new Set(
    queuesOf(named, app).flatMap((queue) => [queue, deadQueueName(queue), suspectQueueName(queue)]),
  );
  const specs: QueueSpec[] = [];
  for (const spec of app.topology.queues.filter(({ name }) => names.has(name))) {
    if (nextStep(await readMigrationFacts(app.broker, spec)).kind !== 'done') specs.push(spec);
  }
  const list = specs.map(({ name }) => printable(name)).join(', ');
  if (specs.length === 0 || options.dryRun === true) {
    if (output.json) output.printJson({ toMigrate: specs.map(({ name }) => name), migrated: [] });
    else output.print(specs.length === 0 ? 'Every queue has the arguments of the plan.' : `Would migrate ${list}.`);
    return EXIT.ok;
  }
  const question = `Migrate ${list}? Are its workers and senders stopped? The old queues are deleted.`;
  if (!(await confirm(question, options.yes, output))) {
    output.note('Nothing was moved.');
    return EXIT.usage;
  }
  const interruption = listenForInterrupt();
  try {
    const management = await openManagement(options, app, session);
    const classic = { management, unchecked: options.unchecked === true };
    return await migrateAll(specs, app, interruption, classic, output);
  } finally {
    interruption.dispose();
  }
}

async function migrateLadderOf(options: MigrateOptions, { broker }: TaskApp, output: Output): Promise<ExitCode> {
  const found = (await unplannedLadderExchanges(broker)).map(({ name }) => name);
  if (options.dryRun === true) {
    if (output.json) output.printJson({ toMigrate: found, migrated: [] });
    else output.print(found.length === 0 ? LADDER_AS_PLANNED : `Would replace ${found.join(', ')}.`);
    return EXIT.ok;
  }
  const question = `Replace ${found.length} exchanges of the delay ladder? Workers of an earlier version cannot start afterwards.`;
  if (found.length > 0 && !(await confirm(question, options.yes, output))) {
    output.note('Nothing was replaced.');
    return EXIT.usage;
  }
  const interruption = listenForInterrupt();
  try {
    const onReplaced = (exchange: string): void => output.note(`${exchange}: replaced`);
    const result = await migrateLadder({ broker, signal: interruption.signal, onReplaced });
    if (output.json) output.printJson({ migrated: result });
    else output.print(ladderText(result));
    return result.kind === 'done' ? EXIT.ok : EXIT.interrupted;
  } finally {
    interruption.dispose();
  }
}

const LADDER_AS_PLANNED = 'Every exchange of the delay ladder is as planned.';

function ladderText({ kind, replaced, returned }: LadderMigrationResult): string {
  const back = returned === 0 ? '' : ` ${returned} parked messages wait on the ladder again.`;
  if (kind === 'interrupted') return `Interrupted: ${replaced.length} exchanges were replaced. Run it again.`;
  if (replaced.length === 0) return `${LADDER_AS_PLANNED}${back}`;
  return `Replaced ${replaced.length} exchanges. Messages that a level could not pass on leave it within three minutes.${back}`;
}

/** What is known of messages of classic queues that are out. */
interface ClassicQueues {
  readonly management: ManagementApi | undefined;
  /** The operator vouches for what nothing else can say. */
  readonly unchecked: boolean;
}

async function migrateAll(
  specs: readonly QueueSpec[],
  app: TaskApp,
  interruption: Interruption,
  { management, unchecked }: ClassicQueues,
  output: Output,
): Promise<ExitCode> {
  const results: { queue: string; result: string; moved: number; lost: number }[] = [];
  for (const spec of specs) {
    let moved = 0;
    const { kind, lost } = await migrateQueue(spec, app.topology, {
      broker: app.broker,
      clock: systemClock,
      signal: interruption.signal,
      onStep: (step) => output.note(printable(`${spec.name}: ${stepText(step)}`)),
      onMoved: () => {
        moved++;
      },
      classicInUse: async (queue) => {
        if (management === undefined && unchecked) return undefined;
        const reason = await classicQueueInUse(queue, management);
        if (reason !== undefined)
          output.note(printable(`${queue}: ${reason}; stop who holds them, then run this again`));
        return reason;
      },
    });
    results.push({ queue: spec.name, result: kind, moved, lost });
    if (kind === 'interrupted') break;
  }
  if (output.json) output.printJson({ migrated: results });
  for (const { queue, result, moved, lost } of output.json ? [] : results) {
    output.print(printable(`${queue}: ${result}, ${moved} messages moved${lost === 0 ? '' : `, ${lost} LOST`}.`));
  }
  if (interruption.signal.aborted) return EXIT.interrupted;
  return results.every(({ result, lost }) => result === 'done' && lost === 0) ? EXIT.ok : EXIT.problem;
}

function stepText(step: MigrationStep): string {
  switch (step.kind) {
    case 'done':
      return 'as planned';
    case 'blocked':
      return `${step.consumers} consumers: stop the workers, then run this again`;
    case 'busy':
      return 'a sender is still active: stop the senders, then run this again';
    case 'watch':
      return 'watching whether anybody sends to it';
    case 'prepare-holding':
      return 'preparing the queue that holds its messages meanwhile';
    case 'move-to-holding':
      return `moving ${step.messages} messages out`;
    case 'delete-old':
      return 'deleting the old queue, which is empty';
    case 'declare-new':
      return 'declaring it as planned';
    case 'move-home':
      return `moving ${step.messages} messages back`;
    case 'delete-holding':
      return 'removing the queue that held them';
    default:
      return assertNever(step);
  }
}
