import type { OutgoingContext } from '../client/outgoing-task';
import type { SentTask } from '../client/sent-task';
import { classicQueuesOf, resolveTasksOf } from '../decorators/resolve-definitions';
import { CodecRegistry } from '../message/codec';
import type { JsonLimits } from '../message/json-budget';
import { createJsonCodec } from '../message/json-codec';
import { compilePayload } from '../message/payload/compile-payload';
import type { PayloadCheck } from '../message/payload/payload-check';
import type { ClassType } from '../task/class-type';
import type { TaskContract } from '../task/contract';
import type { TaskDefinition } from '../task/definition';
import type { PayloadType } from '../task/payload-type';

/** How payloads are read and written: one set for an app. */
export class PayloadWiring {
  readonly codecs: CodecRegistry;
  readonly #received = new Map<PayloadType | ClassType, PayloadCheck>();

  constructor(
    private readonly limits: JsonLimits,
    private readonly appId: string,
  ) {
    this.codecs = new CodecRegistry([createJsonCodec(limits)]);
  }

  get context(): OutgoingContext {
    return { appId: this.appId, contentType: this.codecs.contentType };
  }

  /** What checks a payload that came: unknown keys are dropped, since a newer sender may have more of them. */
  received(payload: PayloadType): PayloadCheck {
    const key = payload.kind === 'class' ? payload.type : payload;
    const existing = this.#received.get(key) ?? compilePayload(payload, { unknownKeys: 'drop', limits: this.limits });
    this.#received.set(key, existing);
    return existing;
  }

  /** What a sender needs for a contract: unknown keys are refused, since nobody would read them. */
  sent({ name, queue, payload, queueType }: TaskContract, isClassic = false): SentTask {
    const { check, toWire } = compilePayload(payload, { unknownKeys: 'refuse', limits: this.limits });
    return {
      name,
      queue,
      queueType: isClassic ? 'classic' : (queueType ?? 'quorum'),
      encode: (input) => {
        const wire = toWire(input);
        if (!wire.ok) return wire;
        const checked = check(wire.payload);
        if (!(checked instanceof Promise)) return checked.ok ? this.codecs.encode(wire.payload) : checked;
        // At once: while a validator waits, the sender may change its object, and what was checked must be sent.
        const encoded = this.codecs.encode(wire.payload);
        return checked.then((result) => (result.ok ? encoded : result));
      },
    };
  }
}

/** The tasks of a decorated class as contracts, by method. @throws ConfigurationError */
export function contractsOf(type: ClassType): ReadonlyMap<string, TaskContract> {
  const definitions = resolveTasksOf(type);
  const classic = classicQueuesOf(type);
  return new Map(
    [...definitions].map(([method, definition]) => [
      String(method),
      contractOf(definition, classic.has(definition.queue)),
    ]),
  );
}

/** @param isClassic - whether its home queue is known to be classic. */
export const contractOf = ({ name, queue, payload }: TaskDefinition, isClassic = false): TaskContract =>
  Object.freeze({ kind: 'task-contract', name, queue, payload, ...(isClassic ? { queueType: 'classic' } : {}) });
