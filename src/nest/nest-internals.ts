import type { ArgumentsHost, CanActivate, NestInterceptor, PipeTransform } from '@nestjs/common';
import { ApplicationConfig, ExternalContextCreator, type ModuleRef, type ModulesContainer } from '@nestjs/core';
import type { ContextId } from '@nestjs/core/injector/instance-wrapper.js';
import { ConfigurationError } from '../errors/configuration-error';
import { keepingInstances } from './keeping-instances';
import type { GlobalEnhancer } from './module-options';

// What Warren uses of Nest beyond what Nest documents stands here, but for the name of the arguments' metadata
// (parameters.ts), `ExecutionContextHost` (handler-call.ts) and the wrappers of providers. Tests run it on Nest 11 and 12.

/** Makes the enhancers of one kind that apply to a method. */
interface Creator<T> {
  create(instance: object, method: unknown, moduleKey: string, contextId?: ContextId, inquirerId?: string): T;
}

interface ExceptionFilters {
  /** `null` where no filter catches the error. */
  invokeCustomFilters(error: unknown, host: ArgumentsHost): unknown;
}

/** What an `ExternalContextCreator` is made of. It runs guards and filters in one go, and then they cannot be told apart. */
interface CreatorParts {
  readonly guardsContextCreator: Creator<CanActivate[]>;
  readonly pipesContextCreator: Creator<PipeTransform[]>;
  readonly interceptorsContextCreator: Creator<NestInterceptor[]>;
  readonly filtersContextCreator: Creator<ExceptionFilters>;
}

const CREATORS = [
  'guardsContextCreator',
  'pipesContextCreator',
  'interceptorsContextCreator',
  'filtersContextCreator',
] as const satisfies readonly (keyof CreatorParts)[];

export interface EnhancerCreators extends CreatorParts {
  readonly contexts: ExternalContextCreator;
}

/** Runs pipes over an argument. */
interface PipesConsumer {
  apply(value: unknown, metadata: unknown, pipes: readonly PipeTransform[]): unknown;
}

type Container = Parameters<typeof ExternalContextCreator.fromContainer>[0];

/** One set for each handler class: Nest caches parameters by the class's name, and two modules may have classes of one name. */
export function enhancerCreators(moduleRef: ModuleRef, globals: ReadonlySet<GlobalEnhancer>): EnhancerCreators {
  const { container } = moduleRef as unknown as { readonly container?: Container };
  if (container === undefined) throw unsupported('ModuleRef has no container');
  const applicationConfig = withGlobals(container.applicationConfig, globals);
  const seen = Object.create(container, { applicationConfig: { value: applicationConfig } }) as Container;
  const contexts = ExternalContextCreator.fromContainer(seen);
  const parts = contexts as unknown as CreatorParts;
  if (!CREATORS.every((creator) => creator in parts)) throw unsupported('ExternalContextCreator has other parts');
  makePayloadsOnce(contexts as unknown as { pipesConsumer?: PipesConsumer });
  const { guardsContextCreator, pipesContextCreator, interceptorsContextCreator, filtersContextCreator } = parts;
  return { contexts, guardsContextCreator, pipesContextCreator, interceptorsContextCreator, filtersContextCreator };
}

function makePayloadsOnce(contexts: { pipesConsumer?: PipesConsumer }): void {
  const { pipesConsumer } = contexts;
  if (pipesConsumer === undefined) throw unsupported('ExternalContextCreator has no PipesConsumer');
  contexts.pipesConsumer = {
    apply: (value, metadata, pipes) => keepingInstances(() => pipesConsumer.apply(value, metadata, pipes)),
  };
}

/** The global enhancers that the user wants for tasks too; an HTTP guard has no business with a task otherwise. */
function withGlobals(config: ApplicationConfig | undefined, globals: ReadonlySet<GlobalEnhancer>): ApplicationConfig {
  const wanted = new ApplicationConfig();
  if (config === undefined) return wanted;
  if (globals.has('guards')) {
    wanted.useGlobalGuards(...config.getGlobalGuards());
    for (const wrapper of config.getGlobalRequestGuards()) wanted.addGlobalRequestGuard(wrapper);
  }
  if (globals.has('pipes')) {
    wanted.useGlobalPipes(...config.getGlobalPipes());
    for (const wrapper of config.getGlobalRequestPipes()) wanted.addGlobalRequestPipe(wrapper);
  }
  if (globals.has('interceptors')) {
    wanted.useGlobalInterceptors(...config.getGlobalInterceptors());
    for (const wrapper of config.getGlobalRequestInterceptors()) wanted.addGlobalRequestInterceptor(wrapper);
  }
  if (globals.has('filters')) {
    wanted.useGlobalFilters(...config.getGlobalFilters());
    for (const wrapper of config.getGlobalRequestFilters()) wanted.addGlobalRequestFilter(wrapper);
  }
  return wanted;
}

/**
 * Lets the hooks of a module run after those of all others at start-up, and before them at shutdown: Nest orders modules
 * by their distance from the root, which is 0.
 */
export function runHooksOutermost(modules: ModulesContainer, type: object): void {
  for (const module of modules.values()) if (module.metatype === type) module.distance = -1;
}

/** The request-scoped guards and the like that apply to all handlers: a handler must be made anew where there are some. */
export function addGlobalRequestEnhancers(
  config: ApplicationConfig,
  globals: ReadonlySet<GlobalEnhancer>,
  add: (wrapper: ReturnType<ApplicationConfig['getGlobalRequestGuards']>[number]) => void,
): void {
  if (globals.has('guards')) for (const wrapper of config.getGlobalRequestGuards()) add(wrapper as never);
  if (globals.has('pipes')) for (const wrapper of config.getGlobalRequestPipes()) add(wrapper as never);
  if (globals.has('interceptors')) for (const wrapper of config.getGlobalRequestInterceptors()) add(wrapper as never);
  if (globals.has('filters')) for (const wrapper of config.getGlobalRequestFilters()) add(wrapper as never);
}

const unsupported = (what: string): ConfigurationError =>
  new ConfigurationError([`this version of @nestjs/core is not supported (${what}): use 11 or 12`]);
