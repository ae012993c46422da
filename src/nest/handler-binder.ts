import { type ApplicationConfig, ContextIdFactory, ModuleRef } from '@nestjs/core';
import { HandlerUnavailableError } from '../errors/task-errors';
import type { TaskInvocation } from '../middleware/middleware';
import type { ClassType } from '../task/class-type';
import type { TaskDefinition } from '../task/definition';
import type { HandlerResolver } from '../worker/handler-resolver';
import type { FoundHandler } from './found-handler';
import { type CallParts, handlerCall } from './handler-call';
import type { GlobalEnhancer } from './module-options';
import { addGlobalRequestEnhancers, enhancerCreators } from './nest-internals';
import { defineArguments } from './parameters';
import { TaskRequest } from './task-request';

/** Calls the tasks of a connection on the container's instances. Calls are made ready when the application is. */
export class HandlerBinder implements HandlerResolver {
  readonly #calls = new Map<string, TaskInvocation>();
  readonly #definitions: TaskDefinition[] = [];

  constructor(
    private readonly found: readonly FoundHandler[],
    private readonly moduleRef: ModuleRef,
    private readonly globals: ReadonlySet<GlobalEnhancer>,
    private readonly config: ApplicationConfig,
  ) {}

  get<T>(type: ClassType<T>): T | Promise<T> {
    return this.moduleRef.resolve(type as ClassType<T> as never, undefined, { strict: false });
  }

  bind(definition: TaskDefinition): TaskInvocation {
    this.#definitions.push(definition);
    return (payload, task) => {
      const call = this.#calls.get(definition.name);
      if (call === undefined)
        throw new Error(`The handler of "${definition.name}" was called before start-up was done.`);
      return call(payload, task);
    };
  }

  /** Makes every call, once all providers and all global enhancers are there. */
  compile(): void {
    for (const { wrapper } of this.found) {
      addGlobalRequestEnhancers(this.config, this.globals, (enhancer) =>
        wrapper.addEnhancerMetadata(enhancer as never),
      );
    }
    for (const definition of this.#definitions) {
      const found = this.found.find(({ type }) => type === definition.handler.type);
      if (found !== undefined) this.#calls.set(definition.name, this.#callOf(definition, found));
    }
  }

  #callOf(definition: TaskDefinition, found: FoundHandler): TaskInvocation {
    const { wrapper, type } = found;
    const handler = { ...definition.handler, method: String(definition.handler.method) };
    defineArguments(type, handler.method);
    const parts: CallParts = { found, handler, creators: enhancerCreators(this.moduleRef, this.globals) };
    if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) return this.#callPerDelivery(definition, parts);
    const { instance } = wrapper;
    if (typeof Reflect.get(instance, handler.method) !== 'function') return missingMethod(definition, found);
    return handlerCall(parts, instance);
  }

  /** As Nest does for a request: a context of its own, in which the handler and all that it needs is made. */
  #callPerDelivery(definition: TaskDefinition, parts: CallParts): TaskInvocation {
    const { found } = parts;
    const own = found.wrapper.host?.providers.get(ModuleRef)?.instance as ModuleRef | undefined;
    const moduleRef = own ?? this.moduleRef;
    const isDurable = found.wrapper.isDependencyTreeDurable();
    return async (payload, task) => {
      const request = new TaskRequest(payload, task);
      const contextId = ContextIdFactory.getByRequest(request);
      moduleRef.registerRequestByContextId(
        isDurable ? contextId.payload : Object.assign(request, contextId.payload),
        contextId,
      );
      const instance = await moduleRef
        .resolve<object>(found.wrapper.token as never, contextId, { strict: own !== undefined })
        .catch((cause: unknown) => Promise.reject(unavailable(definition, found, cause)));
      return handlerCall(parts, instance, contextId)(payload, task);
    };
  }
}

const unavailable = ({ name, handler }: TaskDefinition, { module }: FoundHandler, cause: unknown) =>
  new HandlerUnavailableError(name, `${handler.label} (${module})`, { cause });

/** The stand-in of a test may have no such method; it matters only when it is called. */
const missingMethod =
  (definition: TaskDefinition, found: FoundHandler): TaskInvocation =>
  () => {
    throw unavailable(definition, found, new TypeError('the provided instance has no such method'));
  };
