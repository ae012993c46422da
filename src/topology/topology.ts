import type { ExchangeType } from '../task/definition';

/** AMQP arguments: scalars only, since that is all the plan uses. */
export type ArgumentValue = string | number | boolean;
export type Arguments = Readonly<Record<string, ArgumentValue>>;

/** Every exchange of the plan is durable. */
export interface ExchangeSpec {
  readonly name: string;
  readonly type: ExchangeType;
  readonly arguments: Arguments;
  /** `false`: it belongs to others and is only looked for (passive). */
  readonly declare: boolean;
}

/** Every queue of the plan is durable; its type stands in `x-queue-type`. */
export interface QueueSpec {
  readonly name: string;
  readonly arguments: Arguments;
}

export interface BindingSpec {
  readonly source: string;
  readonly destination: string;
  readonly destinationType: 'queue' | 'exchange';
  readonly routingKey: string;
}

/** What is to stand on the broker: plain data, sorted, without doubles, frozen. */
export interface Topology {
  readonly exchanges: readonly ExchangeSpec[];
  readonly queues: readonly QueueSpec[];
  readonly bindings: readonly BindingSpec[];
}
