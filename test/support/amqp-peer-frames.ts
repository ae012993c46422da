import type { MessageProperties } from '../../src/message/wire';

interface Definitions {
  readonly [method: string]: unknown;
  info(id: number): { readonly name: string };
  encodeMethod(id: number, channel: number, fields: object): Buffer;
  encodeProperties(id: number, channel: number, bodySize: number, properties: object): Buffer;
}

/** A frame as amqplib decodes it: of a method, of a message's header, or of its body. */
interface DecodedFrame {
  readonly id?: number;
  readonly channel: number;
  readonly size?: number;
  readonly fields?: object;
  readonly content?: Buffer;
}

interface FrameCodec {
  readonly PROTOCOL_HEADER: string;
  parseFrame(bytes: Buffer, max: number): { readonly rest: Buffer } | false;
  decodeFrame(frame: { readonly rest: Buffer }): DecodedFrame;
  makeBodyFrame(channel: number, body: Buffer): Buffer;
}

// By their paths: amqplib does not export its codec.
const definitions: Definitions = require('../../node_modules/amqplib/lib/defs');
const frames: FrameCodec = require('../../node_modules/amqplib/lib/frame');

const BASIC = 60;
const NO_LIMIT = 0;

/** The name of a method, as amqplib writes it: `BasicPublish`. */
export type MethodName = `${'Connection' | 'Channel' | 'Queue' | 'Exchange' | 'Basic' | 'Confirm'}${string}`;

export interface ReceivedMethod {
  readonly name: MethodName;
  readonly channel: number;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Of a method that carries a message. */
  readonly properties: MessageProperties;
  readonly body: Buffer;
}

function idOf(name: MethodName): number {
  const id = definitions[name];
  if (typeof id !== 'number') throw new Error(`amqplib knows no method ${name}`);
  return id;
}

/** The frame of a method. */
export const methodFrame = (channel: number, name: MethodName, fields: object = {}): Buffer =>
  definitions.encodeMethod(idOf(name), channel, fields);

/** The frames of a method that carries a message. */
export const messageFrames = (
  channel: number,
  name: MethodName,
  fields: object,
  { properties, body }: { readonly properties: MessageProperties; readonly body: Buffer },
): Buffer =>
  Buffer.concat([
    methodFrame(channel, name, fields),
    definitions.encodeProperties(BASIC, channel, body.length, { headers: {}, ...properties }),
    ...(body.length === 0 ? [] : [frames.makeBodyFrame(channel, body)]),
  ]);

type Unfinished = ReceivedMethod & { readonly missingBytes: number | undefined };

/** Reads what a client sends: its protocol header, then whole methods, each with its message. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  #greeted = false;
  readonly #unfinished = new Map<number, Unfinished>();

  /** @returns the methods that these bytes complete, and `'protocol-header'` for the first bytes of a connection. */
  read(bytes: Buffer): readonly (ReceivedMethod | 'protocol-header')[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const complete: (ReceivedMethod | 'protocol-header')[] = [];
    if (!this.#greeted && this.#bytes.length >= frames.PROTOCOL_HEADER.length) {
      this.#bytes = this.#bytes.subarray(frames.PROTOCOL_HEADER.length);
      this.#greeted = true;
      complete.push('protocol-header');
    }
    if (!this.#greeted) return complete;
    for (let frame = frames.parseFrame(this.#bytes, NO_LIMIT); frame !== false; ) {
      this.#bytes = frame.rest;
      const method = this.#take(frames.decodeFrame(frame));
      if (method !== undefined) complete.push(method);
      frame = frames.parseFrame(this.#bytes, NO_LIMIT);
    }
    return complete;
  }

  #take({ id, channel, size, fields, content }: DecodedFrame): ReceivedMethod | undefined {
    if (content !== undefined) return this.#append(channel, content);
    // A heartbeat has no id.
    if (id === undefined) return undefined;
    if (id === BASIC) return this.#describe(channel, size ?? 0, fields as MessageProperties);
    const name = definitions.info(id).name as MethodName;
    const method = { name, channel, fields: { ...fields }, properties: {}, body: Buffer.alloc(0) };
    if (name !== 'BasicPublish') return method;
    this.#unfinished.set(channel, { ...method, missingBytes: undefined });
    return undefined;
  }

  #describe(channel: number, size: number, properties: MessageProperties): ReceivedMethod | undefined {
    const method = this.#unfinished.get(channel);
    if (method === undefined) throw new Error(`a header without a method on channel ${channel}`);
    return this.#finish({ ...method, properties, missingBytes: size });
  }

  #append(channel: number, content: Buffer): ReceivedMethod | undefined {
    const method = this.#unfinished.get(channel);
    if (method?.missingBytes === undefined) throw new Error(`a body without a header on channel ${channel}`);
    const body = Buffer.concat([method.body, content]);
    return this.#finish({ ...method, body, missingBytes: method.missingBytes - content.length });
  }

  #finish({ missingBytes, ...method }: Unfinished): ReceivedMethod | undefined {
    if (missingBytes === 0) {
      this.#unfinished.delete(method.channel);
      return method;
    }
    this.#unfinished.set(method.channel, { ...method, missingBytes });
    return undefined;
  }
}
