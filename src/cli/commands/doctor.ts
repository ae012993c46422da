import type { Command } from 'commander';
import type { TaskApp } from '../../app/task-app';
import { describeThrown } from '../../errors/describe-thrown';
import { DELAY_UNROUTED, deadQueueName, replayQueueName } from '../../topology/names';
import { type DoctorFacts, diagnose, type Finding, type ManagementFacts } from '../doctor-checks';
import { EXIT, type ExitCode } from '../exit-codes';
import { field, list, type ManagementApi, number, openManagement, text } from '../management';
import { type CommonOptions, withCommonOptions, withManagementOptions } from '../options';
import type { Output } from '../output';
import { printable } from '../printable';
import type { Session } from '../session';

export function addDoctorCommand(program: Command, session: Session): void {
  const command = program
    .command('doctor')
    .description(
      'Look for what will bite, and say the remedy. Changes nothing; exits with 1 where it finds something.',
    );
  withManagementOptions(withCommonOptions(command, "warren doctor --tasks 'dist/**/*.tasks.js'"));
  command.action(async (options: CommonOptions) => {
    session.exitCode = await session.withApp(options, async (app) => {
      const management = await openManagement(options, app, session);
      const facts = await gatherFacts(app, management);
      return report(diagnose(facts), facts, app, session.output(options));
    });
  });
}

async function gatherFacts(app: TaskApp, management: ManagementApi | undefined): Promise<DoctorFacts> {
  const { broker, catalog } = app;
  const states = await Promise.all(
    catalog.queues.map(async ({ name: queue }) => ({
      queue,
      state: await broker.queueState(queue),
      dead: (await broker.countReady(deadQueueName(queue))) ?? 0,
      replaying: (await broker.countReady(replayQueueName(queue))) ?? 0,
    })),
  );
  return {
    server: broker.server,
    tasks: catalog.tasks,
    queues: catalog.queues,
    // Without tasks, the ladder alone is no plan that anybody has made.
    differences: catalog.queues.length === 0 ? [] : await differencesOf(app),
    states,
    unrouted: (await broker.countReady(DELAY_UNROUTED)) ?? 0,
    management: management === undefined ? undefined : await managementFacts(management, app),
  };
}

async function differencesOf(app: TaskApp): Promise<DoctorFacts['differences']> {
  try {
    return await app.broker.inspect(app.topology);
  } catch (error) {
    if (describeThrown(error).code === '403') return 'forbidden';
    throw error;
  }
}

async function managementFacts(api: ManagementApi, app: TaskApp): Promise<ManagementFacts> {
  const [nodes, flags, queues, policies] = await Promise.all([
    api.get('/nodes'),
    api.get('/feature-flags'),
    api.get(`/queues/${api.vhost}`),
    api.get(`/policies/${api.vhost}`),
  ]);
  const definitions = new Map(
    list(policies).map((policy) => [text(field(policy, 'name')), field(policy, 'definition')]),
  );
  const planned = new Set(app.topology.queues.map(({ name }) => name));
  const known = list(queues).map((queue) => ({
    name: text(field(queue, 'name')) ?? '',
    policy: text(field(queue, 'policy')) ?? '',
    transient: field(queue, 'durable') === false && field(queue, 'exclusive') !== true,
    timeout:
      number(field(queue, 'effective_policy_definition', 'consumer-timeout')) ??
      number(field(queue, 'arguments', 'x-consumer-timeout')),
  }));
  return {
    alarms: list(nodes).flatMap((node) => {
      const name = text(field(node, 'name')) ?? '?';
      return [
        ...(field(node, 'mem_alarm') === true ? [{ node: name, kind: 'memory' as const }] : []),
        ...(field(node, 'disk_free_alarm') === true ? [{ node: name, kind: 'disk' as const }] : []),
      ];
    }),
    disabledFlags: list(flags)
      .filter((flag) => field(flag, 'state') === 'disabled' && field(flag, 'stability') === 'stable')
      .flatMap((flag) => text(field(flag, 'name')) ?? []),
    transientQueues: known.filter(({ transient }) => transient).map(({ name }) => name),
    policies: known
      .filter(({ name, policy }) => policy !== '' && planned.has(name))
      .map(({ name, policy }) => ({ queue: name, policy, keys: Object.keys(Object(definitions.get(policy))) })),
    consumerTimeouts: new Map(
      known.flatMap(({ name, timeout }) => (timeout === undefined ? [] : [[name, timeout] as const])),
    ),
  };
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
    output.print(bad.length === 0 ? 'Nothing will bite.' : `${bad.length} findings.`);
  }
  return bad.length === 0 ? EXIT.ok : EXIT.problem;
}
