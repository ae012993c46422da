import type { ClassType } from '../task/class-type';
import { requireLegacyDecorators } from './decorator-call';
import { recordQueue } from './metadata-registry';
import './reflected-parameters';
import type { TaskQueueOptions } from './task-queue-options';

/**
 * Sets the home queue of a class's tasks, how it is declared and consumed, and defaults for these tasks. Only records:
 * mistakes are reported together when the app is created. Subclasses inherit it unless they have their own.
 *
 * @param name - the queue's name on the broker: at most 190 bytes, without spaces, not beginning with `amq.`.
 * @throws ConfigurationError when the compiler is not set to `experimentalDecorators`.
 *
 * @example
 * ```ts
 * @TaskQueue('billing', { concurrency: 20, bindings: [{ exchange: 'shop', type: 'topic', routingKey: 'order.*' }] })
 * export class BillingTasks {}
 * ```
 */
export function TaskQueue(name: string, options: TaskQueueOptions = {}): <C extends ClassType>(target: C) => void {
  return (target: ClassType, context?: unknown): void => {
    requireLegacyDecorators('@TaskQueue', context);
    recordQueue(target, { name, options });
  };
}
