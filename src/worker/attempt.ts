import type { AttemptTrace } from '../events/tracer';
import type { Envelope } from '../message/envelope';
import type { IncomingMessage } from '../message/wire';
import type { TaskOutcome } from '../settlement/outcome';
import type { TaskDefinition } from '../task/definition';

/** One attempt that has ended and is not settled yet. */
export interface Attempt {
  readonly outcome: TaskOutcome;
  /** The task, where one was found. */
  readonly definition: TaskDefinition | undefined;
  readonly message: IncomingMessage;
  readonly envelope: Envelope;
  /** The task's id; made up for this delivery where the sender gave none. */
  readonly id: string;
  readonly queue: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** `undefined` where nothing is traced. */
  readonly trace: AttemptTrace | undefined;
}
