import type { TaskDefinition } from '../../../src/task/definition';

class EmailTasks {
  send(): void {}
}

/** The task `emails.send` of the queue `emails`: three attempts, no timeout, no routing keys. */
export function taskDefinition(overrides: Partial<TaskDefinition> = {}): TaskDefinition {
  return {
    name: 'emails.send',
    queue: 'emails',
    payload: { kind: 'unchecked' },
    retry: {
      maxAttempts: 3,
      maxElapsedMs: undefined,
      backoff: { kind: 'fixed', delayMs: 5_000, maxMs: 5_000, jitter: 'none' },
      rules: [],
    },
    timeoutMs: 0,
    routingKeys: [],
    schedules: [],
    handler: { type: EmailTasks, method: 'send', label: 'EmailTasks.send' },
    ...overrides,
  };
}
