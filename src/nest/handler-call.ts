import { type CanActivate, type ExecutionContext, ForbiddenException, type Type } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { ContextId } from '@nestjs/core/injector/instance-wrapper.js';
import { isObservable, lastValueFrom } from 'rxjs';
import type { TaskInvocation } from '../middleware/middleware';
import type { TaskHandler } from '../task/definition';
import { isTaskSignal } from '../task/signals';
import type { FoundHandler } from './found-handler';
import type { EnhancerCreators } from './nest-internals';
import { hasParameterDecorators, TASK_ARGUMENTS, TASK_PARAMETERS } from './parameters';
import { refusalByGuard, refusalByPipe } from './refusal';
import { WARREN_CONTEXT } from './task-host';

export interface CallParts {
  readonly found: FoundHandler;
  readonly handler: TaskHandler & { readonly method: string };
  readonly creators: EnhancerCreators;
}

/** Whose enhancers are asked for: instance, method, module, delivery and provider. */
type Place = readonly [object, TaskInvocation, string, ContextId | undefined, string];

const WITHOUT_GUARDS_AND_FILTERS = Object.freeze({ guards: false, interceptors: true, filters: false });

/**
 * A handler's method with everything that Nest puts around it: guards → interceptors → pipes → method, and filters
 * around all of them.
 *
 * @param contextId - of the delivery, where the instance was made for one.
 */
export function handlerCall(
  { found, handler, creators }: CallParts,
  instance: object,
  contextId?: ContextId,
): TaskInvocation {
  const method = Reflect.get(instance, handler.method) as TaskInvocation;
  const where = [instance, method, found.moduleKey, contextId, found.wrapper.id] as const;
  const guards = creators.guardsContextCreator.create(...where);
  const filters = creators.filtersContextCreator.create(...where);
  const call = methodCall({ found, handler, creators }, where);

  const contextOf = (args: readonly unknown[]): ExecutionContextHost => {
    const context = new ExecutionContextHost([...args], found.type as Type, method as () => unknown);
    context.setType(WARREN_CONTEXT);
    return context;
  };
  return async (payload, task) => {
    let refusal: (error: unknown) => unknown = (error) => refusalByPipe(handler.label, error);
    try {
      for (const guard of guards) {
        refusal = (error) => refusalByGuard(nameOf(guard), handler.label, error);
        if (!(await passes(guard, contextOf([payload, task])))) throw new ForbiddenException('Forbidden resource');
      }
      refusal = (error) => refusalByPipe(handler.label, error);
      return await call(payload, task);
    } catch (error) {
      // A signal is a decision, not an exception: no filter is asked about it.
      if (isTaskSignal(error)) throw error;
      await settled(filters.invokeCustomFilters(error, contextOf([payload, task])));
      // A filter that throws nothing has written its line, and the attempt has failed all the same.
      throw refusal(error);
    }
  };
}

/** The method with its interceptors, pipes and parameters; called straight where it has none, which most tasks have not. */
function methodCall({ found, handler, creators }: CallParts, where: Place): TaskInvocation {
  const [instance, method, , contextId, inquirerId] = where;
  const isPlain =
    !hasParameterDecorators(found.type, handler.method) &&
    creators.pipesContextCreator.create(...where).length === 0 &&
    creators.interceptorsContextCreator.create(...where).length === 0;
  if (isPlain) return (payload, task) => settled(method.call(instance, payload, task));
  return creators.contexts.create(
    instance,
    method as never,
    handler.method,
    TASK_ARGUMENTS,
    TASK_PARAMETERS as never,
    contextId,
    inquirerId,
    WITHOUT_GUARDS_AND_FILTERS,
    WARREN_CONTEXT,
  ) as TaskInvocation;
}

async function passes(guard: CanActivate, context: ExecutionContext): Promise<boolean> {
  return (await settled(guard.canActivate(context))) === true;
}

async function settled(result: unknown): Promise<unknown> {
  const value = await result;
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : value;
}

const nameOf = (guard: CanActivate): string => guard.constructor.name;
