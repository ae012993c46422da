import { ConfigurationError } from '../errors/configuration-error';
import { describeThrown } from '../errors/describe-thrown';
import type { PayloadProblem } from '../errors/enqueue-errors';
import { quoted, ROOT_PATH } from './payload/payload-path';
import type { IncomingMessage } from './wire';

/** A payload that could not be read or written, and why. */
export interface CodecFailure {
  readonly ok: false;
  readonly problems: readonly PayloadProblem[];
}

export type Decoded = { readonly ok: true; readonly value: unknown } | CodecFailure;
export type Encoded = { readonly ok: true; readonly body: Buffer } | CodecFailure;

/** Turns payloads into bodies and back. What goes wrong is a problem in the result, without a word of the payload. */
export interface Codec {
  /** The content type that it reads and writes, without parameters: `application/json`. */
  readonly contentType: string;
  encode(value: unknown): Encoded;
  decode(body: Buffer): Decoded;
}

/** One problem of the whole payload, as a failure. */
export function codecFailure(rule: string, message: string, path = ROOT_PATH): CodecFailure {
  return { ok: false, problems: [Object.freeze({ path, rule, message })] };
}

const IDENTITY_ENCODINGS = new Set(['', 'identity', 'utf-8', 'utf8']);
const UTF8_CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii']);
const JSON_SUFFIX = /^application\/[^;]+\+json$/;
const JSON_ALIASES = new Set(['text/json', 'application/x-json']);
/** What clients name that were given no content type: Ruby's bunny, PHP's amqp extension. It says nothing of the body. */
const SAYS_NOTHING = new Set(['', 'application/octet-stream', 'text/plain']);

/**
 * The codecs by content type. The first is the one that writes, and reads what has no content type: foreign senders
 * often leave it out.
 */
export class CodecRegistry {
  readonly #codecs = new Map<string, Codec>();
  readonly #first: Codec;

  /** @throws ConfigurationError when there is no codec, or two of the same content type. */
  constructor(codecs: readonly Codec[]) {
    const first = codecs[0];
    if (first === undefined) throw new ConfigurationError(['codecs: at least one codec is needed']);
    this.#first = first;
    for (const codec of codecs) {
      const name = codec.contentType.trim().toLowerCase();
      if (this.#codecs.has(name)) throw new ConfigurationError([`codecs: two codecs have the content type "${name}"`]);
      this.#codecs.set(name, codec);
    }
  }

  /** What `encode` writes as `content_type`. */
  get contentType(): string {
    return this.#first.contentType;
  }

  /** Writes a payload with the first codec. Never throws. */
  encode(value: unknown): Encoded {
    try {
      return this.#first.encode(value);
    } catch (thrown) {
      return codecFailure('codec', `the codec of "${this.#first.contentType}" threw ${describeThrown(thrown).name}`);
    }
  }

  /** Reads a body by what its message says it is. Never throws. */
  decode(message: Pick<IncomingMessage, 'body' | 'properties'>): Decoded {
    const { contentType, contentEncoding } = message.properties;
    if (contentEncoding !== undefined && !isIdentity(contentEncoding)) {
      return codecFailure(
        'encoding',
        `content encoding ${seen(contentEncoding)} is not supported; send it without one`,
      );
    }
    const codec = this.#find(contentType);
    if (codec === undefined) {
      const known = [...this.#codecs.keys()].join(', ');
      return codecFailure(
        'contentType',
        `content type ${seen(contentType)} is not supported; expected ${known} in UTF-8`,
      );
    }
    try {
      return codec.decode(message.body);
    } catch (thrown) {
      return codecFailure('codec', `the codec of "${codec.contentType}" threw ${describeThrown(thrown).name}`);
    }
  }

  #find(contentType: unknown): Codec | undefined {
    if (contentType === undefined || contentType === '') return this.#first;
    if (typeof contentType !== 'string') return undefined;
    return this.#codecs.get(contentType) ?? this.#findByEssence(contentType);
  }

  #findByEssence(contentType: string): Codec | undefined {
    const [essence = '', ...parameters] = contentType
      .toLowerCase()
      .split(';')
      .map((part) => part.trim());
    if (!parameters.every(isUtf8OrNoCharset)) return undefined;
    const named = this.#codecs.get(essence);
    if (named !== undefined) return named;
    if (SAYS_NOTHING.has(essence)) return this.#first;
    return isJson(essence) ? this.#codecs.get('application/json') : undefined;
  }
}

function isJson(essence: string): boolean {
  return JSON_ALIASES.has(essence) || JSON_SUFFIX.test(essence);
}

function isIdentity(encoding: unknown): boolean {
  return typeof encoding === 'string' && IDENTITY_ENCODINGS.has(encoding.trim().toLowerCase());
}

function isUtf8OrNoCharset(parameter: string): boolean {
  const [name = '', value = ''] = parameter.split('=').map((part) => part.trim());
  return name !== 'charset' || UTF8_CHARSETS.has(value.replaceAll('"', ''));
}

function seen(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : `of type ${typeof value}`;
}
