import { importCircles } from './import-circles';
import { resolveImport, type SourceFile } from './source-file';

interface Room {
  readonly level: number;
  /** Rooms below, or beside, that may be imported. */
  readonly imports: readonly string[];
  /** Rooms of which only types may be imported. */
  readonly typesOf?: readonly string[];
}

const LEVEL_0 = ['errors', 'options', 'time', 'collections', 'text'];
const LEVEL_1 = ['task', 'settlement', 'retry', 'recurrence', 'message'];
const LEVEL_2 = ['decorators', 'topology'];
const LEVEL_3 = ['broker', 'middleware', 'events'];
const BELOW_SHELL = [...LEVEL_0, ...LEVEL_1, ...LEVEL_2, ...LEVEL_3];
const BELOW_APP = [
  ...BELOW_SHELL,
  'client',
  'worker',
  'dead-letter',
  'migration',
  'schedule',
  'health',
  'http',
  'amqp',
  'memory',
];
/** The app, and the rooms whose types are public. */
const RIM = [...BELOW_SHELL, 'client', 'worker', 'dead-letter', 'migration', 'schedule', 'health', 'http', 'app'];

/** The house: imports go only to a lower level, or to the same level where this says so. Every folder of `src` stands here. */
export const ROOMS: Readonly<Record<string, Room>> = {
  // 0 and 1: pure.
  errors: { level: 0, imports: [] },
  options: { level: 0, imports: ['errors', 'time'] },
  time: { level: 0, imports: [] },
  collections: { level: 0, imports: [] },
  text: { level: 0, imports: [] },
  task: { level: 1, imports: LEVEL_0 },
  retry: { level: 1, imports: [...LEVEL_0, 'task'] },
  recurrence: { level: 1, imports: [...LEVEL_0, 'task'] },
  settlement: { level: 1, imports: [...LEVEL_0, 'task', 'retry'] },
  message: { level: 1, imports: [...LEVEL_0, 'task', 'settlement'] },
  // 2: pure.
  decorators: { level: 2, imports: [...LEVEL_0, ...LEVEL_1] },
  topology: { level: 2, imports: [...LEVEL_0, ...LEVEL_1] },
  // 3: ports.
  broker: { level: 3, imports: LEVEL_0, typesOf: [...LEVEL_1, ...LEVEL_2] },
  middleware: { level: 3, imports: [...LEVEL_0, ...LEVEL_1] },
  events: { level: 3, imports: [...LEVEL_0, ...LEVEL_1], typesOf: ['broker'] },
  // 4: shell.
  client: { level: 4, imports: BELOW_SHELL },
  worker: { level: 4, imports: BELOW_SHELL },
  'dead-letter': { level: 4, imports: BELOW_SHELL },
  migration: { level: 4, imports: BELOW_SHELL },
  schedule: { level: 4, imports: BELOW_SHELL, typesOf: ['client'] },
  health: { level: 4, imports: BELOW_SHELL },
  http: { level: 4, imports: BELOW_SHELL },
  // 5: adapters.
  amqp: { level: 5, imports: BELOW_SHELL },
  memory: { level: 5, imports: BELOW_SHELL },
  // 6: the only place that wires.
  app: { level: 6, imports: BELOW_APP },
  // 7: adapters for people and platforms.
  nest: { level: 7, imports: [...RIM, 'testing'] },
  cli: { level: 7, imports: RIM },
  testing: { level: 7, imports: RIM },
  telemetry: { level: 7, imports: RIM },
  index: { level: 7, imports: RIM },
};

/** A room with folders: of which others each may import. Files beside the folders may import all of them. */
interface Shelves {
  /** Files beside the folders that the folders may import. */
  readonly shared: readonly string[];
  readonly folders: Readonly<Record<string, readonly string[]>>;
}

const SHELVES: Readonly<Record<string, Shelves>> = {
  amqp: {
    shared: ['amqp/internals', 'amqp/basic-frames'],
    folders: {
      'fast-path': [],
      connect: ['fast-path'],
      topology: ['connect'],
      admin: ['connect', 'topology'],
      publish: ['connect', 'admin', 'fast-path'],
      consume: ['connect'],
    },
  },
  schedule: { shared: [], folders: { state: [], decide: ['state'], lead: ['state', 'decide'] } },
};

/** Folders that only these files may enter. */
const FENCES: Readonly<Record<string, readonly string[]>> = {
  'amqp/fast-path': ['amqp/amqp-broker.ts', 'amqp/connect/connection.ts', 'amqp/publish/publish-lane.ts'],
};

/** Who may import which package. One that is not named here is nobody's. */
const PACKAGES: readonly { readonly name: RegExp; readonly rooms: readonly string[] }[] = [
  { name: /^amqplib(\/|$)/, rooms: ['amqp'] },
  { name: /^class-(validator|transformer)(\/|$)/, rooms: ['message'] },
  { name: /^reflect-metadata(\/|$)/, rooms: ['decorators'] },
  { name: /^croner$/, rooms: ['recurrence'] },
  { name: /^tinyglobby$/, rooms: ['app'] },
  { name: /^(commander|string-width|cli-progress)$/, rooms: ['cli'] },
  { name: /^(@nestjs\/|rxjs)/, rooms: ['nest'] },
  { name: /^(@opentelemetry\/|prom-client$)/, rooms: ['telemetry'] },
  { name: /^node:buffer$/, rooms: Object.keys(ROOMS) },
  { name: /^node:(timers|perf_hooks)$/, rooms: ['time', 'telemetry'] },
  { name: /^node:/, rooms: Object.keys(ROOMS).filter((room) => levelOf(room) > 2) },
];

interface TextRule {
  readonly what: string;
  readonly pattern: RegExp;
  readonly appliesTo: (file: SourceFile) => boolean;
}

const isPure = ({ room }: SourceFile): boolean => levelOf(room) <= 2;
const CLOCKS = ['time/real-timers.ts', 'time/system-clock.ts', 'time/manual-clock.ts'];
const isClock = ({ path }: SourceFile): boolean => CLOCKS.includes(path);
/** What runs under a test app, where the globals may be fake timers. */
const isUnderTestClock = ({ room }: SourceFile): boolean =>
  !['amqp', 'cli', 'telemetry', 'time', 'index'].includes(room);
const isValidation = ({ path }: SourceFile): boolean => path.startsWith('message/payload/');

const TEXT_RULES: readonly TextRule[] = [
  {
    what: 'reads process.env',
    pattern: /\bprocess\s*\.\s*env\b|\bprocess\[/,
    appliesTo: ({ room }) => room !== 'app' && room !== 'cli',
  },
  {
    what: 'waits (async, await, promises)',
    pattern: /\basync\b|\bawait\b|\bPromise\s*\.|\bnew Promise\b/,
    appliesTo: (file) => isPure(file) && !isClock(file) && !isValidation(file),
  },
  {
    what: 'sets a timer',
    pattern: /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bnextTick\b/,
    appliesTo: (file) => isPure(file) && !isClock(file),
  },
  {
    what: 'looks at the clock',
    pattern: /\bDate\s*\.\s*now\b|\bnew Date\(\s*\)|\bperformance\s*\.|\bhrtime\b/,
    appliesTo: (file) => isPure(file) && !isClock(file),
  },
  {
    what: 'uses a global timer, which fake timers replace (see time/real-timers.ts)',
    pattern:
      /(?<![.#\w])(?:set|clear)(?:Timeout|Interval|Immediate)\(|\bqueueMicrotask\(|\bnextTick\(|\bperformance\.now\(/,
    appliesTo: (file) => isUnderTestClock(file) && !isPure(file),
  },
  {
    what: 'throws dice',
    pattern: /\bMath\s*\.\s*random\b|\brandom(?:UUID|Bytes|Int)\b|\bcrypto\s*\./,
    appliesTo: isPure,
  },
  {
    what: 'has a default export',
    pattern: /\bexport\s+default\b|\bas\s+default\b|\bexport\s*=/,
    appliesTo: () => true,
  },
  { what: 'prints with console', pattern: /\bconsole\s*\./, appliesTo: () => true },
];

const MAX_LINES = 400;

/** Every break of the rules, as `file:line what`. */
export function findBreaks(files: readonly SourceFile[]): readonly string[] {
  return [
    ...files.flatMap((file) => [
      ...roomBreaks(file),
      ...importBreaks(file),
      ...textBreaks(file),
      ...lengthBreaks(file),
      ...switchBreaks(file),
    ]),
    ...circleBreaks(files),
  ];
}

function levelOf(room: string): number {
  return ROOMS[room]?.level ?? Number.POSITIVE_INFINITY;
}

function roomBreaks({ path, room }: SourceFile): readonly string[] {
  return room in ROOMS ? [] : [`${path}:1 stands in a room that the house does not have: "${room}"`];
}

function importBreaks(file: SourceFile): readonly string[] {
  return file.imports.flatMap(({ line, target, typeOnly }) => {
    const resolved = resolveImport(file.path, target);
    const problem =
      resolved === undefined
        ? packageProblem(file.room, target)
        : (roomProblem(file.room, roomOf(resolved), typeOnly) ?? shelfProblem(file.path, resolved));
    return problem === undefined ? [] : [`${file.path}:${line} ${problem}`];
  });
}

const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : 'index');

function roomProblem(from: string, to: string, typeOnly: boolean): string | undefined {
  const room = ROOMS[from];
  if (room === undefined || from === to || room.imports.includes(to)) return undefined;
  if (!room.typesOf?.includes(to)) return `${from}/ may not import ${to}/`;
  return typeOnly ? undefined : `${from}/ may import only types of ${to}/`;
}

function shelfProblem(from: string, to: string): string | undefined {
  const fence = Object.keys(FENCES).find((folder) => to.startsWith(`${folder}/`) && !from.startsWith(`${folder}/`));
  if (fence !== undefined && !FENCES[fence]?.includes(from)) return `may not enter ${fence}/`;
  const shelves = SHELVES[roomOf(from)];
  const [own, other] = [folderOf(from), folderOf(to)];
  if (shelves === undefined || own === undefined || roomOf(from) !== roomOf(to) || own === other) return undefined;
  if (shelves.folders[own] === undefined) return `stands in a folder that ${roomOf(from)}/ does not have: "${own}"`;
  if (other === undefined) return shelves.shared.includes(to) ? undefined : `${own}/ may not import ${to}`;
  return shelves.folders[own]?.includes(other) ? undefined : `${own}/ may not import ${other}/`;
}

/** The folder in its room, or `undefined` for a file beside the folders. */
function folderOf(path: string): string | undefined {
  const [, folder, file] = path.split('/');
  return file === undefined ? undefined : folder;
}

function packageProblem(room: string, target: string): string | undefined {
  const owner = PACKAGES.find(({ name }) => name.test(target));
  if (owner === undefined) return `nobody may import the package "${target}"`;
  return owner.rooms.includes(room) ? undefined : `${room}/ may not import the package "${target}"`;
}

function textBreaks(file: SourceFile): readonly string[] {
  return TEXT_RULES.filter(({ appliesTo }) => appliesTo(file)).flatMap(({ what, pattern }) =>
    file.lines.flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1} ${what}`] : [])),
  );
}

function lengthBreaks({ path, lines }: SourceFile): readonly string[] {
  return lines.length > MAX_LINES ? [`${path}:${MAX_LINES + 1} is longer than ${MAX_LINES} lines`] : [];
}

/** A switch over kinds decides about each by name, so that a new kind does not compile until everybody has. */
function switchBreaks({ path, lines }: SourceFile): readonly string[] {
  return lines.flatMap((line, index) => {
    const [, indent] = /^( *)switch \([\w.[\]]*\.kind\) \{$/.exec(line) ?? [];
    if (indent === undefined) return [];
    const end = lines.indexOf(`${indent}}`, index);
    const ends = lines.slice(index, end).some((inner) => inner.includes('assertNever('));
    return ends ? [] : [`${path}:${index + 1} switches over kinds without assertNever`];
  });
}

function circleBreaks(files: readonly SourceFile[]): readonly string[] {
  return importCircles(files).map((circle) => `${circle.split(' ', 1)[0]}:1 imports itself: ${circle}`);
}
