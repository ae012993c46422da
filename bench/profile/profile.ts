/** What V8 writes with `--cpu-prof`, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  /** The node that was on top, sample by sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** 0-based. */
  readonly lineNumber: number;
}

export interface Share {
  readonly what: string;
  readonly millis: number;
}

export interface ProfileSummary {
  /** Wall-clock time in which the process was not waiting. */
  readonly busyMillis: number;
  /** Self time by part of the code, most first. */
  readonly areas: readonly Share[];
  /** Self time by function, most first. */
  readonly functions: readonly Share[];
}

export function summarise({ nodes, samples, timeDeltas }: CpuProfile): ProfileSummary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const areas = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyMillis = 0;
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') continue;
    const millis = (timeDeltas[index] ?? 0) / 1_000;
    busyMillis += millis;
    add(areas, areaOf(frame), millis);
    add(functions, nameOf(frame), millis);
  }
  return { busyMillis, areas: mostFirst(areas), functions: mostFirst(functions) };
}

function add(sums: Map<string, number>, what: string, millis: number): void {
  sums.set(what, (sums.get(what) ?? 0) + millis);
}

const mostFirst = (sums: ReadonlyMap<string, number>): readonly Share[] =>
  [...sums].map(([what, millis]) => ({ what, millis })).toSorted((a, b) => b.millis - a.millis);

/** The system calls that send, which have no file. */
const SOCKET_WRITES: readonly string[] = ['writeBuffer', 'writev', 'writeUtf8String'];

/** The part of the code that a function belongs to. */
export function areaOf({ functionName, url }: CallFrame): string {
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (SOCKET_WRITES.includes(functionName)) return 'socket writes';
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (library !== undefined) return library;
  const room = /\/dist\/([^/]+)\//.exec(url)?.[1];
  if (room !== undefined) return `Warren: ${room}`;
  if (url.includes('/.build/bench/')) return 'the benchmark';
  if (url.startsWith('node:')) return `Node: ${nodeAreaOf(url)}`;
  return 'V8 and native code';
}

const NODE_AREAS = ['buffer', 'timers', 'task_queues', 'stream', 'net', 'crypto', 'events', 'modules'] as const;

const nodeAreaOf = (url: string): string => NODE_AREAS.find((area) => url.includes(area)) ?? 'other';

export function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = /(?:node_modules|dist|\.build)\/(.*)$/.exec(url)?.[1] ?? url;
  const name = functionName === '' ? '(anonymous)' : functionName;
  return file === '' ? name : `${name} ${file}:${lineNumber + 1}`;
}
