import type { OptionReader } from '../options/option-reader';
import type { ClassType } from '../task/class-type';
import { NO_PAYLOAD, type PayloadType, payloadTypeOf } from '../task/payload-type';
import type { MethodShape } from './handler-method';
import type { TaskRecord } from './metadata-registry';
import { parameterCount, readsArguments } from './method-source';

const REMEDY =
  "Name it: @Task({ payload: X }), where X is a class, String, Number or Boolean; 'none' where there is no payload; 'unchecked' for any JSON";

const PART = "the method's parameters take properties of the payload, and none takes the whole";
const ARGUMENTS = 'the method reads it from "arguments" and declares no parameter';

/** What a task's payload is: by its contract, by its option, else by what the compiler emitted for its parameter. */
export function resolvePayload(record: TaskRecord, method: MethodShape, reader: OptionReader): PayloadType {
  if (record.contract !== undefined) return record.contract.payload;
  if (reader.value('payload') !== undefined) return readPayloadOption(reader) ?? NO_PAYLOAD;
  return reflectedPayload(record, method, reader);
}

/** The payload type that the options name. */
export function readPayloadOption(reader: OptionReader): PayloadType | undefined {
  const value = reader.value('payload');
  if (value === undefined) return undefined;
  if (value === 'none' || value === 'unchecked' || isPayloadClass(value)) return payloadTypeOf(value);
  return reader.refuse('payload', "a class of your own, String, Number, Boolean, 'none' or 'unchecked'");
}

function reflectedPayload(record: TaskRecord, method: MethodShape, reader: OptionReader): PayloadType {
  const { parameterTypes: types, payloadIndex } = record;
  const unseen = whyUnseen(record, method);
  if (unseen !== undefined) noteUnseen(reader, unseen);
  const type = payloadIndex === 'part' ? undefined : types?.[payloadIndex];
  // `void` and `undefined` are emitted as `void 0`.
  if (type === undefined) return NO_PAYLOAD;
  if (isPayloadClass(type)) return payloadTypeOf(type);
  noteUnseen(reader, whatStandsBehind(type));
  return NO_PAYLOAD;
}

/** Why nothing is known of a payload that the method takes; `undefined` where something is known, or it takes none. */
function whyUnseen(record: TaskRecord, method: MethodShape): string | undefined {
  const { parameterTypes: types, payloadIndex } = record;
  if (payloadIndex === 'part') return PART;
  if (payloadIndex < 0) return undefined;
  if (types !== undefined) {
    // A decorator that wraps a method hands `arguments` on; the method itself has them for a reason.
    const isOwn = method.name === String(record.key);
    return types.length === 0 && isOwn && readsArguments(method) ? ARGUMENTS : undefined;
  }
  return parameterCount(method) > payloadIndex || readsArguments(method) ? whyNotEmitted(record) : undefined;
}

function noteUnseen(reader: OptionReader, why: string): void {
  reader.note(`the payload type cannot be seen: ${why}. ${REMEDY}`);
}

function whyNotEmitted({ on }: TaskRecord): string {
  return on === 'class'
    ? 'compilers emit metadata only for methods that carry a decorator themselves, not for the "handle" of a decorated class'
    : 'the compiler emitted no metadata. tsc, swc and oxc (Vitest since 4 with Vite 8) do with "emitDecoratorMetadata" (swc: "decoratorMetadata"); esbuild, and with it tsx and Vitest up to 3, never do';
}

function whatStandsBehind(type: unknown): string {
  if (type === Object) {
    return 'the compiler emitted "Object", which stands for an interface, a union, a type alias, "unknown", an "import type" or a class from a circular import';
  }
  if (type === Array) return 'the compiler emitted "Array", not what is in it. Give it a class that holds the array';
  const name = typeof type === 'function' && type.name !== '' ? type.name : 'a value that is no class';
  return `the compiler emitted "${name}", which is no class of your own that JSON could fill`;
}

/** The classes that the language and Node bring along come out of no JSON, except for those of the three primitives. */
function isPayloadClass(value: unknown): value is ClassType {
  if (value === String || value === Number || value === Boolean) return true;
  if (typeof value !== 'function' || !Object.hasOwn(value, 'prototype') || value === Buffer) return false;
  return !Function.prototype.toString.call(value).includes('[native code]');
}
