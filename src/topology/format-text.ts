import { printableName } from '../text/printable';
import { describeEnds, describeKey } from './binding-text';
import { compareTopology } from './compare';
import { DELAY_LEVELS, DELAY_UNIT_MS } from './ladder';
import { planLevels } from './ladder-plan';
import { delayLevelName } from './names';
import { bindingIdentity, compareText } from './order';
import type { Arguments, BindingSpec, ExchangeSpec, QueueSpec, Topology } from './topology';

/** Cells that start below each other. */
type Row = readonly string[];

const LADDER = `${delayLevelName(0)} … ${DELAY_LEVELS - 1}`;

/** A topology as tables for people. The ladder's 31 levels are one row of each table, when all of them are as planned. */
export function formatText(topology: Topology): string {
  const levels = planLevels();
  const folds = compareTopology(levels, topology).every(({ kind }) => kind === 'extra');
  const shown = folds ? without(topology, levels) : topology;
  const fold = (...cells: Row): readonly Row[] => (folds ? [cells] : []);
  const count = `${DELAY_LEVELS} delay levels`;
  const exchanges = [...shown.exchanges.map(exchangeRow), ...fold(LADDER, 'topic', count)];
  const queues = [...shown.queues.map(queueRow), ...fold(LADDER, 'quorum', `${count}, ${DELAY_UNIT_MS} ms × 2^level`)];
  const bindings = [
    ...shown.bindings.map(bindingRow),
    ...fold(LADDER, `${levels.bindings.length} bindings, three a level`),
  ];
  return [section('Exchanges', exchanges), section('Queues', queues), section('Bindings', bindings)].join('\n');
}

function without(topology: Topology, part: Topology): Topology {
  const names = new Set(part.queues.map(({ name }) => name));
  const bindings = new Set(part.bindings.map(bindingIdentity));
  return {
    exchanges: topology.exchanges.filter(({ name }) => !names.has(name)),
    queues: topology.queues.filter(({ name }) => !names.has(name)),
    bindings: topology.bindings.filter((binding) => !bindings.has(bindingIdentity(binding))),
  };
}

function exchangeRow({ name, type, declare, arguments: args }: ExchangeSpec): Row {
  return [name, type, declare ? describeArguments(args) : '(not declared: must exist)'];
}

function queueRow({ name, arguments: { 'x-queue-type': type = '', ...others } }: QueueSpec): Row {
  return [name, String(type), describeArguments(others)];
}

function bindingRow(binding: BindingSpec): Row {
  return [describeEnds(binding), describeKey(binding)];
}

function describeArguments(args: Arguments): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function section(title: string, rows: readonly Row[]): string {
  const sorted = rows.map((row) => row.map(printableName)).sort(([a = ''], [b = '']) => compareText(a, b));
  const widths = [0, 1].map((column) => Math.max(0, ...sorted.map((row) => (row[column] ?? '').length)));
  const lines = sorted.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return `${title}\n${lines.map((line) => `  ${line.trimEnd()}\n`).join('')}`;
}
