import type { PayloadProblem } from '../../../src/errors/enqueue-errors';
import { CodecRegistry } from '../../../src/message/codec';
import { createJsonCodec } from '../../../src/message/json-codec';
import { compilePayload } from '../../../src/message/payload/compile-payload';
import type { PayloadCheck } from '../../../src/message/payload/payload-check';
import { type PayloadOption, payloadTypeOf } from '../../../src/task/payload-type';

const codecs = new CodecRegistry([createJsonCodec()]);

const compiled = { refuse: new Map<PayloadOption, PayloadCheck>(), drop: new Map<PayloadOption, PayloadCheck>() };

export const sender = (option: PayloadOption): PayloadCheck => once(option, 'refuse');
export const worker = (option: PayloadOption): PayloadCheck => once(option, 'drop');

function once(option: PayloadOption, unknownKeys: 'refuse' | 'drop'): PayloadCheck {
  const made = compiled[unknownKeys].get(option) ?? compilePayload(payloadTypeOf(option), { unknownKeys });
  compiled[unknownKeys].set(option, made);
  return made;
}

/** The text that a sender puts into the queue. */
export async function bodyOf(option: PayloadOption, given: unknown): Promise<string> {
  const wire = sender(option).toWire(given);
  if (!wire.ok) throw new Error(JSON.stringify(wire.problems));
  const checked = await sender(option).check(wire.payload);
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  const encoded = codecs.encode(wire.payload);
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.problems));
  return encoded.body.toString();
}

/** What is wrong with a payload at its sender: nothing, or where and which rule. */
export async function problemsOf(option: PayloadOption, given: unknown): Promise<readonly PayloadProblem[]> {
  const wire = sender(option).toWire(given);
  if (!wire.ok) return wire.problems;
  const checked = await sender(option).check(wire.payload);
  return checked.ok ? [] : checked.problems;
}

/** What a handler gets for a body. */
export async function received(option: PayloadOption, body: string): Promise<unknown> {
  const decoded = codecs.decode({ body: Buffer.from(body), properties: {} });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.problems));
  const checked = await worker(option).check(decoded.value);
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return checked.payload;
}

/** What a handler gets of what a sender gave. */
export const sent = async (option: PayloadOption, given: unknown): Promise<unknown> =>
  received(option, await bodyOf(option, given));
