import { resolveDefinitions } from '../../../src/decorators/resolve-definitions';
import { Task } from '../../../src/decorators/task';
import type { TaskOptions } from '../../../src/decorators/task-options';
import { TaskQueue } from '../../../src/decorators/task-queue';
import { custom, exponential, fixed } from '../../../src/retry/backoff';
import type { TaskContext } from '../../../src/task/context';
import { defineTask } from '../../../src/task/contract';

class VerificationEmail {
  to!: string;
  code!: string;
}

class ResizeImage {
  url!: string;
  width!: number;
}

class RateLimitError extends Error {
  status = 429;
}

const resizeImage = defineTask('media.resizeImage', { queue: 'media', payload: ResizeImage });
const sweep = defineTask('media.sweep', { queue: 'media' });
const anything = defineTask('media.anything', { queue: 'media', payload: 'unchecked' });
const shared: TaskOptions = { maxAttempts: 4 };

/** What the README and the guides show. It compiles, and that is half of the test. */
@TaskQueue('emails', { concurrency: 20, maxAttempts: 5 })
class EmailTasks {
  constructor(readonly sent: string[] = []) {}

  @Task({ maxAttempts: 8, backoff: exponential('1s', { max: '10m', jitter: 'full' }), timeout: '30s' })
  async sendVerification(email: VerificationEmail, task: TaskContext): Promise<void> {
    this.sent.push(`${email.to} ${task.id}`);
  }

  @Task()
  sendDigest(): void {}

  @Task('mail.welcome', { payload: String })
  protected async welcome(address: string): Promise<string> {
    return address;
  }

  @Task('plain')
  plain(count: number): number {
    return count;
  }

  @Task({ payload: 'unchecked' })
  legacy(body: Record<string, string> | readonly string[]): unknown {
    return body;
  }

  @Task({ payload: 'none' })
  tick(_payload: undefined, task: TaskContext): string {
    return task.id;
  }

  @Task({ payload: VerificationEmail, rules: [{ on: RateLimitError, backoff: fixed('1m') }] })
  resend(email: { to: string }): string {
    return email.to;
  }

  @Task({ rules: [{ on: (error) => error === 'gone', fail: true }], neverRetry: [TypeError, RateLimitError] })
  optional(email?: VerificationEmail): string {
    return email?.to ?? '';
  }

  @Task(shared)
  withSharedOptions(email: VerificationEmail): string {
    return email.to;
  }
}

class MediaTasks {
  @Task(resizeImage)
  async resize(image: ResizeImage): Promise<void> {
    image.width.toFixed();
  }

  @Task(sweep, { backoff: custom(({ attempt }) => attempt * 1_000) })
  sweep(): void {}

  @Task(anything)
  anything(body: { any: string }): string {
    return body.any;
  }
}

@Task('reports.build', { queue: 'reports', payload: VerificationEmail, timeout: 0 })
class BuildReport {
  handle(payload: VerificationEmail, task: TaskContext): string {
    return `${payload.to} ${task.id}`;
  }
}

@TaskQueue('reports')
@Task({ payload: 'none' })
class CleanUp {
  handle(): void {}
}

@TaskQueue('billing', { bindings: [{ exchange: 'shop', type: 'topic', routingKey: 'order.*' }] })
class BillingTasks {
  @Task({ routingKey: 'order.paid' })
  paid(order: VerificationEmail): string {
    return order.to;
  }

  @Task({ routingKey: ['order.cancelled', 'order.refused'] })
  lost(order: VerificationEmail): string {
    return order.to;
  }
}

describe('decorated classes', () => {
  const catalog = resolveDefinitions([EmailTasks, MediaTasks, BuildReport, CleanUp, BillingTasks]);

  it.each([
    ['emails.sendVerification', 'emails', { kind: 'class', type: VerificationEmail }, 'EmailTasks.sendVerification'],
    ['emails.sendDigest', 'emails', { kind: 'none' }, 'EmailTasks.sendDigest'],
    ['mail.welcome', 'emails', { kind: 'primitive', type: 'string' }, 'EmailTasks.welcome'],
    ['plain', 'emails', { kind: 'primitive', type: 'number' }, 'EmailTasks.plain'],
    ['emails.legacy', 'emails', { kind: 'unchecked' }, 'EmailTasks.legacy'],
    ['emails.tick', 'emails', { kind: 'none' }, 'EmailTasks.tick'],
    ['emails.resend', 'emails', { kind: 'class', type: VerificationEmail }, 'EmailTasks.resend'],
    ['emails.optional', 'emails', { kind: 'class', type: VerificationEmail }, 'EmailTasks.optional'],
    ['media.resizeImage', 'media', { kind: 'class', type: ResizeImage }, 'MediaTasks.resize'],
    ['media.sweep', 'media', { kind: 'none' }, 'MediaTasks.sweep'],
    ['media.anything', 'media', { kind: 'unchecked' }, 'MediaTasks.anything'],
    ['reports.build', 'reports', { kind: 'class', type: VerificationEmail }, 'BuildReport.handle'],
    ['reports.cleanUp', 'reports', { kind: 'none' }, 'CleanUp.handle'],
    ['billing.paid', 'billing', { kind: 'class', type: VerificationEmail }, 'BillingTasks.paid'],
  ])('give the task %s in queue %s', (name, queue, payload, label) => {
    const definition = catalog.find(name);
    expect(definition).toMatchObject({ name, queue, payload, handler: { label } });
    expect(Object.isFrozen(definition)).toBe(true);
  });

  it('take what a task says before what its class says, and that before the defaults', () => {
    expect(catalog.find('emails.sendVerification')).toMatchObject({
      timeoutMs: 30_000,
      retry: { maxAttempts: 8, backoff: exponential('1s', { max: '10m', jitter: 'full' }) },
    });
    expect(catalog.find('emails.sendDigest')).toMatchObject({ timeoutMs: 900_000, retry: { maxAttempts: 5 } });
    expect(catalog.find('media.sweep')).toMatchObject({ retry: { maxAttempts: 10 } });
    expect(catalog.find('reports.build')).toMatchObject({ timeoutMs: 0 });
  });

  it("take the app's defaults where neither task nor class say anything", () => {
    const withDefaults = resolveDefinitions([EmailTasks], { maxAttempts: 2, timeout: '1m' });
    expect(withDefaults.find('emails.sendDigest')).toMatchObject({ timeoutMs: 60_000, retry: { maxAttempts: 5 } });
    expect(withDefaults.find('emails.withSharedOptions')).toMatchObject({
      timeoutMs: 60_000,
      retry: { maxAttempts: 4 },
    });
  });

  it('know which method does the work', () => {
    expect(catalog.find('emails.tick')?.handler).toEqual({
      type: EmailTasks,
      method: 'tick',
      label: 'EmailTasks.tick',
    });
    expect(catalog.find('reports.build')?.handler).toMatchObject({ type: BuildReport, method: 'handle' });
  });

  it('keep the routing keys of foreign messages with the task, and the bindings with the queue', () => {
    expect(catalog.find('billing.paid')?.routingKeys).toEqual(['order.paid']);
    expect(catalog.find('billing.lost')?.routingKeys).toEqual(['order.cancelled', 'order.refused']);
    expect(catalog.findQueue('billing')?.bindings).toEqual([
      { exchange: 'shop', type: 'topic', routingKey: 'order.*', declare: true },
    ]);
  });
});
