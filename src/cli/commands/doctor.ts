import type { Command } from 'commander';
import type { TaskApp } from '../../app/task-app';
import type { ProbeTargets } from '../../broker/admin';
import { AccessRefusedError } from '../../errors/broker-errors';
import { unplannedLadderExchanges } from '../../migration/migrate-ladder';
import { printable } from '../../text/printable';
import { type Duration, parseDuration } from '../../time/duration';
import {
  DEAD_EXCHANGE,
  DELAY_ENTER_EXCHANGE,
  DELAY_UNROUTED,
  deadQueueName,
  delayLevelName,
  isReservedName,
  replayQueueName,
} from '../../topology/names';
import { compareBindings } from '../compared-bindings';
import { diagnose } from '../doctor/diagnose';
import type { DoctorFacts, Finding } from '../doctor/facts';
import { readManagementFacts } from '../doctor/management-facts';
import { EXIT, type ExitCode } from '../exit-codes';
import { type ManagementApi, openManagement } from '../management';
import { type CommonOptions, duration, withCommonOptions, withManagementOptions } from '../options';
import type { Output } from '../output';
import type { Session } from '../session';
import { findUnusableSchedules } from '../unusable-schedules';

interface DoctorOptions extends CommonOptions {
  readonly consumerTimeout?: Duration;
}

export function addDoctorCommand(program: Command, session: Session): void {
  const command = program
    .command('doctor')
    .description('Find problems, and show their remedies. Changes nothing; exits with 1 if it finds any.')
    .option('--consumer-timeout <duration>', 'consumer_timeout of rabbitmq.conf, which no broker tells', duration);
  withManagementOptions(withCommonOptions(command, "warren doctor --tasks 'dist/**/*.tasks.js'"));
  command.action(async (options: DoctorOptions) => {
    session.exitCode = await session.withApp(options, async (app) => {
      const management = await openManagement(options, app, session);
      const facts = await gatherFacts(options, app, management);
      return report(diagnose(facts), facts, app, session.output(options));
    });
  });
}

async function gatherFacts(
  options: DoctorOptions,
  app: TaskApp,
  management: ManagementApi | undefined,
): Promise<DoctorFacts> {
  const { broker, catalog } = app;
  const states = await Promise.all(
    catalog.queues.map(async ({ name: queue }) => ({
      queue,
      state: await unlessForbidden(broker.queueState(queue)),
      dead: (await unlessForbidden(broker.countReady(deadQueueName(queue)))) ?? 0,
      replaying: (await unlessForbidden(broker.countReady(replayQueueName(queue)))) ?? 0,
    })),
  );
  const withoutTasks = catalog.queues.length === 0;
  // Without tasks, the ladder alone is no plan that anybody has made: it is compared where it exists.
  const differences = withoutTasks ? await ladderDifferencesOf(app) : await differencesOf(app, management);
  const missingQueues =
    differences === 'forbidden'
      ? 0
      : differences.filter(({ kind, entity }) => kind === 'missing' && entity === 'queue').length;
  return {
    server: broker.server,
    capabilities: broker.capabilities,
    tasks: catalog.tasks,
    queues: catalog.queues,
    differences,
    withoutTasks,
    states,
    unrouted: (await unlessForbidden(broker.countReady(DELAY_UNROUTED))) ?? 0,
    consumerTimeoutMs: options.consumerTimeout === undefined ? undefined : parseDuration(options.consumerTimeout),
    management: management === undefined ? undefined : await readManagementFacts(management, app, missingQueues),
    unusableSchedules: await findUnusableSchedules(app),
    // The last one: with an alarm, the broker answers nothing more on this connection.
    probe: await broker.admin.probe(probeTargets(app)),
  };
}

/**
 * What stands for everything else of its kind: one level of the ladder for all, since permissions are patterns. No
 * exchange that leads anywhere: neither those of users, nor those that park what no binding takes.
 */
function probeTargets({ topology }: TaskApp): ProbeTargets {
  const isLadder = (name: string): boolean => isReservedName(name) && name !== delayLevelName(0);
  return {
    queues: topology.queues.map(({ name }) => name).filter((name) => !isLadder(name)),
    exchanges: ['', DEAD_EXCHANGE, DELAY_ENTER_EXCHANGE],
  };
}

async function ladderDifferencesOf({ broker }: TaskApp): Promise<DoctorFacts['differences']> {
  if ((await unlessForbidden(broker.countReady(delayLevelName(0)))) === undefined) return [];
  try {
    return await unplannedLadderExchanges(broker);
  } catch (error) {
    if (error instanceof AccessRefusedError) return 'forbidden';
    throw error;
  }
}

async function differencesOf(
  { broker, topology }: TaskApp,
  management: ManagementApi | undefined,
): Promise<DoctorFacts['differences']> {
  try {
    const found = await broker.admin.inspect(topology);
    const bindings = management === undefined ? undefined : await compareBindings(topology, management);
    return [...found, ...(bindings ?? [])];
  } catch (error) {
    if (error instanceof AccessRefusedError) return 'forbidden';
    throw error;
  }
}

/** A user without any permission on a queue may not even look: that is found, and told, by the probe. */
async function unlessForbidden<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof AccessRefusedError) return undefined;
    throw error;
  }
}

const STYLES = { problem: 'red', warning: 'yellow', note: 'dim' } as const;

function report(findings: readonly Finding[], facts: DoctorFacts, app: TaskApp, output: Output): ExitCode {
  const bad = findings.filter(({ severity }) => severity !== 'note');
  if (output.json) output.printJson({ server: facts.server, address: app.address, findings });
  else {
    output.print(`${facts.server.product} ${facts.server.version} at ${app.address}`);
    for (const { severity, what, remedy } of findings) {
      output.print(
        `${output.style(STYLES[severity], severity.padEnd(7))} ${printable(what)}\n        ${printable(remedy)}`,
      );
    }
    const calm = facts.withoutTasks === true ? 'No problems in what was checked.' : 'No problems.';
    output.print(bad.length === 0 ? calm : `${bad.length} ${bad.length === 1 ? 'finding' : 'findings'}.`);
  }
  return bad.length === 0 ? EXIT.ok : EXIT.problem;
}
