import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import { OPTION_KEYS, type TaskAppOptions } from '../app/app-options';
import { ConfigurationError } from '../errors/configuration-error';
import { OptionReader } from '../options/option-reader';
import type { ClassType } from '../task/class-type';

export const GLOBAL_ENHANCERS = ['guards', 'pipes', 'interceptors', 'filters'] as const;
export type GlobalEnhancer = (typeof GLOBAL_ENHANCERS)[number];

/**
 * Options of a connection: those of `createTaskApp`, without what Nest decides. Handlers are found among the providers,
 * and signals are Nest's (`app.enableShutdownHooks()`).
 */
export interface WarrenModuleOptions
  extends Omit<TaskAppOptions, 'tasks' | 'cwd' | 'resolver' | 'handleSignals' | 'logger'> {
  /**
   * Classes that must be among the providers of the imported modules: start-up fails where one is missing, which is how a
   * forgotten import shows. Not asked for with `consume: false`. Others are found all the same.
   * @defaultValue none
   */
  readonly handlers?: readonly ClassType[];
  /**
   * Which global enhancers (`app.useGlobalGuards()`, `APP_PIPE` …) tasks have too: all, none, or those named.
   * @defaultValue `false`: they are written for requests
   */
  readonly globalEnhancers?: boolean | readonly GlobalEnhancer[];
  /** A pino-shaped logger, a level for lines on standard error, or `false` for silence. @defaultValue Nest's logger */
  readonly logger?: NonNullable<TaskAppOptions['logger']>;
}

/** What must be known before options are. */
export interface WarrenConnectionOptions {
  /** The connection's name, for `@InjectTaskClient(name)` and `@UseConnection(name)`. @defaultValue `'default'` */
  readonly connection?: string;
  /** Whether every module may inject the client without importing anything. @defaultValue `true` */
  readonly isGlobal?: boolean;
}

export type WarrenRootOptions = WarrenModuleOptions & WarrenConnectionOptions;

/** A class that makes options, for `useClass` and `useExisting`. */
export interface WarrenOptionsFactory {
  createWarrenOptions(): WarrenModuleOptions | Promise<WarrenModuleOptions>;
}

/** Options of `forRootAsync`; one of `useFactory`, `useClass` and `useExisting` is needed. */
export interface WarrenAsyncOptions extends WarrenConnectionOptions, Pick<ModuleMetadata, 'imports'> {
  readonly useFactory?: (...args: never[]) => WarrenModuleOptions | Promise<WarrenModuleOptions>;
  /** What `useFactory` is called with. */
  readonly inject?: FactoryProvider['inject'];
  readonly useClass?: Type<WarrenOptionsFactory>;
  readonly useExisting?: Type<WarrenOptionsFactory>;
}

/** A connection's options, read: what is Warren's own goes on to `createTaskApp`, which reads that. */
export interface ResolvedModuleOptions {
  readonly handlers: readonly ClassType[];
  readonly globalEnhancers: ReadonlySet<GlobalEnhancer>;
  readonly app: Omit<TaskAppOptions, 'tasks' | 'cwd' | 'resolver' | 'handleSignals'>;
}

const NESTS_OWN: Readonly<Record<string, string>> = {
  tasks: 'handlers are found among the providers ("handlers" names those that must be there)',
  resolver: 'instances are those of the container',
  cwd: 'there are no globs',
  handleSignals: 'signals are Nest’s: app.enableShutdownHooks()',
};

const MODULE_KEYS: readonly string[] = [
  ...['handlers', 'globalEnhancers', 'connection', 'isGlobal'],
  ...OPTION_KEYS.filter((key) => !(key in NESTS_OWN)),
];

/** @throws ConfigurationError with every mistake. */
export function readModuleOptions(options: WarrenModuleOptions): ResolvedModuleOptions {
  const problems: string[] = [];
  const reader = new OptionReader(options, 'WarrenModule', problems);
  reader.refuseUnknown(MODULE_KEYS, Object.keys(NESTS_OWN));
  for (const [key, why] of Object.entries(NESTS_OWN)) {
    if (reader.value(key) !== undefined) reader.note(`"${key}" is not an option here: ${why}`);
  }
  const handlers = (reader.list('handlers', 'an array of classes') ?? []) as readonly ClassType[];
  if (!handlers.every((type) => typeof type === 'function')) reader.refuse('handlers', 'an array of classes');
  const globalEnhancers = readGlobalEnhancers(reader);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const { handlers: _handlers, globalEnhancers: _globals, ...rest } = options;
  const { connection: _connection, isGlobal: _isGlobal, ...app } = rest as WarrenRootOptions;
  return { handlers, globalEnhancers, app };
}

function readGlobalEnhancers(reader: OptionReader): ReadonlySet<GlobalEnhancer> {
  const value = reader.value('globalEnhancers') ?? false;
  if (typeof value === 'boolean') return new Set(value ? GLOBAL_ENHANCERS : []);
  if (Array.isArray(value) && value.every((kind) => GLOBAL_ENHANCERS.includes(kind as GlobalEnhancer))) {
    return new Set(value as GlobalEnhancer[]);
  }
  reader.refuse(
    'globalEnhancers',
    `true, false or an array of ${GLOBAL_ENHANCERS.map((kind) => `'${kind}'`).join(', ')}`,
  );
  return new Set();
}
