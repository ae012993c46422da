import { type Command, Option } from 'commander';
import type { TaskApp } from '../../app/task-app';
import { unplannedLadderExchanges } from '../../migration/migrate-ladder';
import { printable } from '../../text/printable';
import type { TopologyDifference } from '../../topology/compare';
import { formatTopology, type TopologyFormat } from '../../topology/format';
import { compareBindings } from '../compared-bindings';
import { EXIT, type ExitCode } from '../exit-codes';
import { type ManagementApi, openManagement } from '../management';
import { type CommonOptions, exampleText, withCommonOptions, withManagementOptions } from '../options';
import type { Output } from '../output';
import type { Session } from '../session';
import { UsageError } from '../usage-error';

interface PrintOptions extends CommonOptions {
  readonly format: TopologyFormat;
  readonly vhost?: string;
}

export function addTopologyCommand(program: Command, session: Session): Command {
  const topology = program
    .command('topology')
    .description('Print, compare and declare the queues and exchanges of the tasks.')
    .addHelpText('after', exampleText(["warren topology diff --tasks 'dist/**/*.tasks.js'"]));
  addPrintCommand(topology, session);
  addDiffCommand(topology, session);
  addApplyCommand(topology, session);
  return topology;
}

function addPrintCommand(topology: Command, session: Session): void {
  const command = topology
    .command('print')
    .description('Print the plan. Connects nowhere.')
    .addOption(
      new Option('--format <format>', 'how').choices(['text', 'json', 'definitions', 'mermaid']).default('text'),
    )
    .option('--vhost <name>', 'the virtual host of the definitions (default: /)');
  withCommonOptions(command, 'warren topology print --format definitions > definitions.json');
  command.action(async (options: PrintOptions) => {
    const app = await session.operatorApp(options);
    assertTasks(app);
    const format = options.json === true ? 'json' : options.format;
    const vhost = options.vhost === undefined ? {} : { vhost: options.vhost };
    session.terminal.stdout.write(formatTopology(app.topology, format, vhost));
    session.exitCode = EXIT.ok;
  });
}

function addDiffCommand(topology: Command, session: Session): void {
  const command = topology
    .command('diff')
    .description('Compare the plan with the broker, field by field. Changes nothing; exits with 1 where they differ.');
  withManagementOptions(withCommonOptions(command, "warren topology diff --tasks 'dist/**/*.tasks.js'"));
  command.action(async (options: CommonOptions) => {
    session.exitCode = await session.withApp(options, async (app) =>
      diff(app, await openManagement(options, app, session), session.output(options)),
    );
  });
}

async function diff(app: TaskApp, management: ManagementApi | undefined, output: Output): Promise<ExitCode> {
  assertTasks(app);
  const bindings = management === undefined ? undefined : await compareBindings(app.topology, management);
  const differences = [...(await app.broker.admin.inspect(app.topology)), ...(bindings ?? [])];
  if (output.json) output.printJson({ differences, notCompared: bindings === undefined ? ['bindings'] : [] });
  else printDiff(differences, bindings !== undefined, output);
  return differences.length === 0 ? EXIT.ok : EXIT.problem;
}

function printDiff(differences: readonly TopologyDifference[], withBindings: boolean, output: Output): void {
  for (const difference of differences) output.print(differenceText(difference));
  if (differences.length === 0) {
    output.print(
      `The exchanges${withBindings ? ', queues and bindings' : ' and queues'} on the broker are as planned.`,
    );
  }
  if (!withBindings) {
    output.print(
      'Not compared: bindings. AMQP cannot list them, and the management plugin does not answer (--management); "warren topology apply" sets them.',
    );
  }
}

/** One difference for people, its fields below it. */
export function differenceText(difference: TopologyDifference): string {
  const { kind, entity, name } = difference;
  const head = printable(`${kind} ${entity} ${name}`);
  if (kind !== 'different') return head;
  const rows = difference.differences.map(
    ({ field, wanted, actual }) => `  ${printable(field)}: planned ${shown(wanted)}, on the broker ${shown(actual)}`,
  );
  return [head, ...rows].join('\n');
}

const shown = (value: unknown): string => (value === undefined ? '(absent)' : printable(JSON.stringify(value)));

function addApplyCommand(topology: Command, session: Session): void {
  const command = topology
    .command('apply')
    .description(
      'Declare every queue and exchange of the plan. Reports what exists with other arguments, and leaves it.',
    );
  withCommonOptions(command, 'warren topology apply --url amqp://deploy:…@rabbit');
  command.action(async (options: CommonOptions) => {
    session.exitCode = await session.withApp(options, (app) => apply(app, session.output(options)));
  });
}

async function apply(app: TaskApp, output: Output): Promise<ExitCode> {
  assertTasks(app);
  await app.broker.declare(app.topology);
  const { exchanges, queues, bindings } = app.topology;
  const counts = { exchanges: exchanges.length, queues: queues.length, bindings: bindings.length };
  if (output.json) output.printJson({ applied: counts });
  else output.print(`Applied: ${counts.exchanges} exchanges, ${counts.queues} queues, ${counts.bindings} bindings.`);
  if ((await unplannedLadderExchanges(app.broker)).length > 0) {
    output.note(
      'An earlier version declared the delay ladder, and it was left as it is: once that version no longer runs, run "warren topology migrate --ladder".',
    );
  }
  return EXIT.ok;
}

/** A plan without queues would be right everywhere, and hide that no file was named. */
export function assertTasks(app: TaskApp): void {
  if (app.catalog.queues.length > 0) return;
  throw new UsageError('name the files with tasks: --tasks "dist/**/*.tasks.js", or "tasks" in warren.config.js');
}
