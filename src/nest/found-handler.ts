import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { ClassType } from '../task/class-type';

/** A method of a handler class. */
export interface HandlerMethod {
  readonly key: string | symbol;
  readonly method: { readonly length: number };
}

/** A provider with tasks. */
export interface FoundHandler {
  readonly type: ClassType;
  readonly wrapper: InstanceWrapper<object>;
  /** The module's name, for people. */
  readonly module: string;
  /** The module's key in Nest's container. */
  readonly moduleKey: string;
  readonly connection: string;
}
