import { describeKey } from './binding-text';
import { planLevels } from './ladder-plan';
import type { BindingSpec, Topology } from './topology';

const LADDER = 'warren.delay.00 … 30';

/** A topology as a Mermaid flowchart. The ladder's levels are one node: 31 of them would hide everything else. */
export function formatMermaid(topology: Topology): string {
  const levels = new Set(planLevels().queues.map(({ name }) => name));
  const ids = new Map<string, string>();
  const idOf = (kind: string, name: string): string => {
    const key = levels.has(name) ? 'ladder' : `${kind} ${name}`;
    const id = ids.get(key) ?? `n${ids.size}`;
    ids.set(key, id);
    return id;
  };
  const nodes = [
    ...topology.exchanges.map(({ name }) => `${idOf('exchange', name)}{{${quoted(levels.has(name) ? LADDER : name)}}}`),
    ...topology.queues
      .filter(({ name }) => !levels.has(name))
      .map(({ name }) => `${idOf('queue', name)}[(${quoted(name)})]`),
  ];
  const arrow = (binding: BindingSpec): string => {
    const from = idOf('exchange', binding.source);
    const to = idOf(binding.destinationType, binding.destination);
    const key = describeKey(binding);
    const label = key === '' || levels.has(binding.source) || levels.has(binding.destination) ? '' : `|${quoted(key)}|`;
    return `${from} -->${label} ${to}`;
  };
  const arrows = topology.bindings.filter((each) => !isInsideLadder(each, levels)).map(arrow);
  const deadLetters = topology.queues.flatMap(({ name, arguments: { 'x-dead-letter-exchange': target } }) =>
    levels.has(name) || typeof target !== 'string' || target === ''
      ? []
      : [`${idOf('queue', name)} -.-> ${idOf('exchange', target)}`],
  );
  const lines = [...new Set([...nodes, ...arrows, ...deadLetters])];
  return `flowchart LR\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function isInsideLadder({ source, destination }: BindingSpec, levels: ReadonlySet<string>): boolean {
  return levels.has(source) && levels.has(destination);
}

/** Mermaid's own escapes: a name may hold any character. Some letters are drawn as nothing. */
function quoted(text: string): string {
  const safe = text.replaceAll(
    /[^\p{L}\p{N} ._…:/-]|\p{Default_Ignorable_Code_Point}/gu,
    (char) => `#${char.codePointAt(0)};`,
  );
  return `"${safe}"`;
}
