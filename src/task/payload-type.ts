import { assertNever } from '../errors/assert-never';
import type { ClassType } from './class-type';

/** What a task's payload is, and so how it is checked. */
export type PayloadType =
  /** An object of this class, checked by its class-validator decorators. */
  | { readonly kind: 'class'; readonly type: ClassType }
  /** A JSON string, number or boolean. */
  | { readonly kind: 'primitive'; readonly type: 'string' | 'number' | 'boolean' }
  /** No payload: the body is `null` and the handler gets `undefined`. */
  | { readonly kind: 'none' }
  /** Any JSON, unchecked: the user said so. */
  | { readonly kind: 'unchecked' };

export const NO_PAYLOAD: PayloadType = Object.freeze({ kind: 'none' });
export const UNCHECKED_PAYLOAD: PayloadType = Object.freeze({ kind: 'unchecked' });

/** How a payload type is named in options: a class, `String`, `Number` or `Boolean`, or one of the two words. */
export type PayloadOption = ClassType | 'none' | 'unchecked';

/** The payload type that an option or a reflected parameter type names. */
export function payloadTypeOf(option: PayloadOption): PayloadType {
  if (option === 'none') return NO_PAYLOAD;
  if (option === 'unchecked') return UNCHECKED_PAYLOAD;
  if ((option as unknown) === String) return Object.freeze({ kind: 'primitive', type: 'string' });
  if ((option as unknown) === Number) return Object.freeze({ kind: 'primitive', type: 'number' });
  if ((option as unknown) === Boolean) return Object.freeze({ kind: 'primitive', type: 'boolean' });
  return Object.freeze({ kind: 'class', type: option });
}

/** A payload type in words, for print-outs and errors. */
export function describePayloadType(payload: PayloadType): string {
  switch (payload.kind) {
    case 'class':
      return payload.type.name;
    case 'primitive':
      return payload.type;
    case 'none':
    case 'unchecked':
      return payload.kind;
    default:
      return assertNever(payload);
  }
}
