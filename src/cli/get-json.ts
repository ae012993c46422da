import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { type ConnectionOptions, rootCertificates } from 'node:tls';

export interface JsonAnswer {
  readonly status: number;
  /** `undefined` where the status is no success. */
  readonly body: unknown;
}

export interface JsonRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** For `https:`. */
  readonly tls: ConnectionOptions;
}

/** Gets JSON over HTTP. Not `fetch`: that takes no certificates. @throws what kept it from coming, a `TimeoutError` among others. */
export async function getJson(url: string, { headers, timeoutMs, tls }: JsonRequest): Promise<JsonAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { headers, signal };
      const request = url.startsWith('https:')
        ? requestSecure(url, { ...options, ...tls })
        : requestPlain(url, options);
      request.once('error', reject).once('response', resolve).end();
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const status = response.statusCode ?? 0;
    const isOk = status >= 200 && status < 300;
    return { status, body: isOk ? (JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown) : undefined };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

/** An authority of one's own does not take the place of those that are known anyway. */
export function besideKnownAuthorities(tls: ConnectionOptions, environment: NodeJS.ProcessEnv): ConnectionOptions {
  if (tls.ca === undefined) return tls;
  return { ...tls, ca: [tls.ca, extraAuthorities(environment), ...rootCertificates].flat() };
}

function extraAuthorities(environment: NodeJS.ProcessEnv): readonly string[] {
  const path = environment['NODE_EXTRA_CA_CERTS'];
  if (path === undefined || path === '') return [];
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    // As Node does, which warns.
    return [];
  }
}
