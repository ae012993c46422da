import { createTaskApp } from '../app/create-task-app';
import type { TaskApp } from '../app/task-app';
import { ConfigurationError } from '../errors/configuration-error';
import type { Embedding } from './embedding';
import type { FoundHandler } from './found-handler';
import type { HandlerBinder } from './handler-binder';
import type { ResolvedModuleOptions } from './module-options';
import { createNestLogger } from './nest-logger';
import { parameterProblem } from './parameters';

/** One connection of an application, and what its life cycle needs. */
export interface Connection {
  readonly name: string;
  readonly app: TaskApp;
  readonly binder: HandlerBinder;
}

/** Makes the app of a connection; connects nothing yet. @throws ConfigurationError that names classes and their modules. */
export async function createConnection(
  name: string,
  options: ResolvedModuleOptions,
  found: readonly FoundHandler[],
  binder: HandlerBinder,
  embedding: Embedding | undefined,
): Promise<Connection> {
  const problems = [...missingHandlers(name, options, found), ...unknownQueues(options, found)];
  if (problems.length > 0) throw new ConfigurationError(problems);
  const app = await createTaskApp({
    logger: createNestLogger(name),
    ...options.app,
    ...embedding?.options(options.app),
    tasks: found.map(({ type }) => type),
    resolver: binder,
    // Nest has its own way with signals: enableShutdownHooks().
    handleSignals: false,
  }).catch((error: unknown) => Promise.reject(withModules(error, found)));
  throwIfAny(app.catalog.tasks.flatMap((task) => handlerProblems(task.handler, found)));
  return { name, app, binder };
}

function missingHandlers(
  name: string,
  { handlers, app }: ResolvedModuleOptions,
  found: readonly FoundHandler[],
): readonly string[] {
  if (app.consume === false) return [];
  const missing = handlers.filter((type) => !found.some((handler) => handler.type === type));
  return missing.map(
    (type) =>
      `${type.name} is named in "handlers" of WarrenModule (connection "${name}"), and no module that is imported provides it: import the module that has it among its providers. Found: ${listed(found)}`,
  );
}

/** The queues themselves are checked by the app; with no handler at all, the reason is a module that is not imported. */
function unknownQueues({ app }: ResolvedModuleOptions, found: readonly FoundHandler[]): readonly string[] {
  if (!Array.isArray(app.consume) || app.consume.length === 0 || found.length > 0) return [];
  return [
    `consume names ${app.consume.map((queue) => `"${String(queue)}"`).join(', ')}, and no module that is imported provides a class with @Task: import the module that has it among its providers`,
  ];
}

function handlerProblems(
  { type, method, label }: { readonly type: unknown; readonly method: string | symbol; readonly label: string },
  found: readonly FoundHandler[],
): readonly string[] {
  const handler = found.find((candidate) => candidate.type === type);
  if (handler === undefined) return [];
  const where = `${label} (${handler.module})`;
  if (typeof method === 'symbol') return [`${where}: Nest needs a handler's method to have a name, not a symbol`];
  const shape: unknown = Reflect.get(handler.type.prototype as object, method);
  const problem =
    typeof shape === 'function' ? parameterProblem(handler.type, { key: method, method: shape }) : undefined;
  return problem === undefined ? [] : [`${where}: ${problem}`];
}

function throwIfAny(problems: readonly string[]): void {
  if (problems.length > 0) throw new ConfigurationError(problems);
}

/** Adds to each problem in which modules the classes are that it is about. */
function withModules(error: unknown, found: readonly FoundHandler[]): unknown {
  if (!(error instanceof ConfigurationError)) return error;
  const problems = error.problems.map((problem) => {
    const named = found.filter(({ type }) => new RegExp(`(^|[^\\w$])${escaped(type.name)}([^\\w$]|$)`).test(problem));
    if (named.length > 0) return `${problem} [${listed(named)}]`;
    return problem.startsWith('consume names') ? `${problem}. Found: ${listed(found)}` : problem;
  });
  return new ConfigurationError(problems, { cause: error });
}

const escaped = (name: string): string => name.replace(/\$/g, '\\$');

const listed = (found: readonly FoundHandler[]): string =>
  found.length === 0 ? 'none' : found.map(({ type, module }) => `${type.name} in ${module}`).join(', ');
