import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer, Reflector } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { isTaskClass } from '../decorators/inherited-records';
import { ConfigurationError } from '../errors/configuration-error';
import type { ClassType } from '../task/class-type';
import type { FoundHandler } from './found-handler';
import { DEFAULT_CONNECTION } from './tokens';
import { CONNECTION_METADATA } from './use-connection';

/** Finds the providers with tasks in every module that is imported. */
@Injectable()
export class HandlerExplorer {
  #found: readonly FoundHandler[] | undefined;

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  /** @throws ConfigurationError when a class is provided twice, or is a controller. */
  all(): readonly FoundHandler[] {
    this.#found ??= this.#find();
    return this.#found;
  }

  /** Those of a connection. */
  of(connection: string): readonly FoundHandler[] {
    return this.all().filter((handler) => handler.connection === connection);
  }

  /** What only shows once instances are there: factories that give a class with tasks under another name. */
  hiddenProblems(): readonly string[] {
    const known = new Set<unknown>(this.all().map(({ wrapper }) => wrapper));
    return [...this.modules.values()].flatMap((module) =>
      [...module.providers.values()]
        .filter((wrapper) => !wrapper.isAlias && !known.has(wrapper) && isFactory(wrapper))
        .flatMap((wrapper) => {
          const type = classOf(wrapper.instance);
          if (!isTaskClass(type)) return [];
          return `the provider ${String(wrapper.name)} of ${module.name} is a factory that gives a ${type.name}, whose tasks cannot be seen before it is called: provide it under its class, { provide: ${type.name}, useFactory }`;
        }),
    );
  }

  #find(): readonly FoundHandler[] {
    const problems: string[] = [];
    const found: FoundHandler[] = [];
    for (const [moduleKey, module] of this.modules.entries()) {
      for (const { metatype } of module.controllers.values()) {
        if (!isTaskClass(metatype)) continue;
        problems.push(`${metatype.name} has tasks and is a controller of ${module.name}: move them to a provider`);
      }
      for (const wrapper of module.providers.values() as Iterable<InstanceWrapper<object>>) {
        const type = wrapper.isAlias ? undefined : taskClassOf(wrapper);
        if (type === undefined) continue;
        const connection = this.reflector.get<string | undefined>(CONNECTION_METADATA, type) ?? DEFAULT_CONNECTION;
        found.push({ type, wrapper, module: module.name, moduleKey, connection });
      }
    }
    problems.push(...doubles(found));
    if (problems.length > 0) throw new ConfigurationError(problems);
    return found;
  }
}

/** The class whose decorators count: the provider's own; else, for a stand-in of a test, that of its token. */
function taskClassOf(wrapper: InstanceWrapper<object>): ClassType | undefined {
  const { metatype, token } = wrapper;
  if (!isFactory(wrapper) && isTaskClass(metatype)) return metatype;
  if (isTaskClass(token)) return token;
  const type = isFactory(wrapper) ? undefined : classOf(wrapper.instance);
  return isTaskClass(type) ? type : undefined;
}

/** Reads no property of the instance itself: providers are anybody's, and some proxies throw at whatever they do not know. */
function classOf(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) return undefined;
  try {
    const prototype = Reflect.getPrototypeOf(instance);
    return prototype === null ? undefined : Reflect.get(prototype, 'constructor');
  } catch {
    return undefined;
  }
}

const isFactory = ({ inject }: InstanceWrapper): boolean => inject !== undefined && inject !== null;

function doubles(found: readonly FoundHandler[]): readonly string[] {
  return [...new Set(found.map(({ type }) => type))].flatMap((type) => {
    const modules = found.filter((handler) => handler.type === type).map(({ module }) => module);
    if (modules.length < 2) return [];
    return `${type.name} is a provider of ${modules.join(' and of ')}, so there are several of it: provide it in one module, export it there, and import that module`;
  });
}
