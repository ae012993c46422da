import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '../errors/configuration-error';
import { describeThrown } from '../errors/describe-thrown';
import { HttpListenError } from '../errors/http-listen-error';
import { describeValue } from '../options/describe-value';
import type { HttpOptions } from './http-options';

/** What a path of the endpoint answers. */
export interface HttpAnswer {
  /** @defaultValue 200 */
  readonly status?: number;
  readonly contentType: string;
  readonly body: string;
}

/** Makes the answer for a path, once a request. It does not get the request: the endpoint accepts no input. */
export type HttpHandler = () => HttpAnswer | Promise<HttpAnswer>;

/** Whoever asks has this long to say what, in milliseconds. A prober needs a packet. */
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 8 * 1024;
/** A few probers and scrapers. Memory stays bounded whoever finds the port. */
const MAX_CONNECTIONS = 100;
const PATH = /^\/[\w./~-]{0,200}$/;

/**
 * A small server for those who watch a process: it answers GET and HEAD on the paths that were added, and takes nothing.
 *
 * created → open → closed; created → closed. It opens once.
 */
export class HttpEndpoint {
  readonly #paths = new Map<string, HttpHandler>();
  #server: Server | undefined;
  #closed = false;

  /**
   * @param options - `undefined`: it never listens, and paths may be added all the same.
   * @param onFailure - told when a path's handler has failed.
   */
  constructor(
    private readonly options: HttpOptions | undefined,
    private readonly onFailure: (path: string, error: unknown) => void,
  ) {}

  /** The port that it listens on; `undefined` while it does not. */
  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : undefined;
  }

  /**
   * Adds a path.
   * @returns the function that removes it.
   * @throws ConfigurationError when it is none, or is taken.
   */
  add(path: string, handler: HttpHandler): () => void {
    if (typeof path !== 'string' || !PATH.test(path))
      throw new ConfigurationError([`a path of the HTTP endpoint must be like "/metrics", got ${describeValue(path)}`]);
    if (this.#paths.has(path))
      throw new ConfigurationError([`the HTTP endpoint has the path "${path}" already: ${this.#list()}`]);
    this.#paths.set(path, handler);
    return () => {
      if (this.#paths.get(path) === handler) this.#paths.delete(path);
    };
  }

  /** Listens, where it should. @throws HttpListenError */
  async open(): Promise<void> {
    if (this.options === undefined || this.#closed) return;
    const { port, host } = this.options;
    const server = createServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: REQUEST_TIMEOUT_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
      (request, response) => void this.#answer(request, response),
    );
    server.maxConnections = MAX_CONNECTIONS;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(new HttpListenError(host ?? 'every address', port, describeThrown(error).message)),
      );
      server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
    });
    // From here on an error is a connection's that could not be accepted: no reason to end the process.
    server.on('error', () => undefined);
    if (this.#closed) await this.close();
  }

  /** Ends every connection. Can be called twice, never throws. */
  async close(): Promise<void> {
    this.#closed = true;
    const server = this.#server;
    // One that is about to listen is closed when it does.
    if (server?.listening !== true) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A body that nobody reads would hold the connection.
    request.resume();
    response.on('error', () => undefined);
    const { status = 200, contentType, body } = await this.#answerTo(request);
    if (response.destroyed) return;
    response.writeHead(status, {
      'Content-Type': contentType,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
    });
    response.end(body);
  }

  async #answerTo({ method, url = '' }: IncomingMessage): Promise<HttpAnswer> {
    const [path = ''] = url.split('?', 1);
    const handler = this.#paths.get(path);
    if (handler === undefined) return text(404, `There is ${this.#list()}.`);
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'Only GET and HEAD.');
    try {
      return await handler();
    } catch (error) {
      this.onFailure(path, error);
      return text(500, 'It failed; the process has told why.');
    }
  }

  #list(): string {
    return [...this.#paths.keys()].sort().join(', ');
  }
}

const text = (status: number, body: string): HttpAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});
