import type { QueueBinding, QueueDefinition } from '../../../src/task/definition';

/** A home queue's definition with only what a test is about. */
export function homeQueue(name: string, settings: Partial<QueueDefinition> = {}): QueueDefinition {
  return {
    name,
    type: 'quorum',
    concurrency: 10,
    prefetch: 10,
    bindings: [],
    maxPriority: undefined,
    maxCrashes: 3,
    ...settings,
  };
}

export function boundTo(exchange: string, settings: Partial<QueueBinding> = {}): QueueBinding {
  return { exchange, type: 'topic', routingKey: '#', declare: true, ...settings };
}
