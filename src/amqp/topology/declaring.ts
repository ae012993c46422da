import type { Channel, ChannelModel } from 'amqplib';
import { formerArguments } from '../../topology/former-arguments';
import type { Arguments, ExchangeSpec, QueueSpec } from '../../topology/topology';
import { onOwnChannel } from '../connect/channels';
import { channelError, channelFailure } from '../connect/error-mapping';
import { conflict } from './topology-conflict';

interface Entity {
  readonly kind: 'exchange' | 'queue';
  readonly spec: ExchangeSpec | QueueSpec;
  look(channel: Channel): Promise<unknown>;
  declare(channel: Channel, args: Arguments): Promise<unknown>;
}

const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;

/**
 * Declares exchanges and queues with the arguments of the plan. Where one exists that an earlier version of Warren declared
 * with other arguments, it stays as it is: a start must not fail over what the earlier version made.
 */
export class Declaring {
  /**
   * Kinds of which something with the former arguments was found. The others are probably like it, so those arguments come
   * first: each refusal is a line in the broker's log.
   */
  readonly #foundFormer = new Set<'exchange' | 'queue'>();

  /** @param exact - former arguments are a conflict like any other. */
  constructor(
    private readonly model: ChannelModel,
    private readonly exact: boolean,
  ) {}

  exchange(spec: ExchangeSpec): (channel: Channel) => Promise<unknown> {
    return this.#step({
      kind: 'exchange',
      spec,
      look: (channel) => channel.checkExchange(spec.name),
      declare: (channel, args) =>
        channel.assertExchange(spec.name, spec.type, { durable: true, arguments: { ...args } }),
    });
  }

  queue(spec: QueueSpec): (channel: Channel) => Promise<unknown> {
    return this.#step({
      kind: 'queue',
      spec,
      look: (channel) => channel.checkQueue(spec.name),
      declare: (channel, args) => channel.assertQueue(spec.name, { durable: true, arguments: { ...args } }),
    });
  }

  #step(entity: Entity): (channel: Channel) => Promise<unknown> {
    const former = this.exact ? undefined : formerArguments(entity.kind, entity.spec);
    return async (channel) => {
      if (former !== undefined && this.#foundFormer.has(entity.kind) && (await this.#exists(entity, former))) return;
      await entity
        .declare(channel, entity.spec.arguments)
        .catch((error: unknown) => this.#refused(entity, former, error));
    };
  }

  async #refused(entity: Entity, former: Arguments | undefined, error: unknown): Promise<void> {
    const isConflict = channelFailure(error).code === PRECONDITION_FAILED;
    if (!isConflict || former === undefined || !(await this.#exists(entity, former))) {
      return conflict(this.model, entity.kind, entity.spec, error);
    }
    this.#foundFormer.add(entity.kind);
  }

  /** Whether it exists with these arguments. Declares nothing: the passive look comes first and fails. */
  async #exists(entity: Entity, args: Arguments): Promise<boolean> {
    try {
      await onOwnChannel(this.model, async (channel) => {
        await entity.look(channel);
        await entity.declare(channel, args);
      });
      return true;
    } catch (error) {
      const { code } = channelFailure(error);
      if (code === NOT_FOUND || code === PRECONDITION_FAILED) return false;
      throw channelError(error, `declare ${entity.kind} "${entity.spec.name}"`);
    }
  }
}
