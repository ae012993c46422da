import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port';

/** A proxy that breaks the network between a client and its broker. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that were accepted so far, and those that are open now. */
  readonly accepted: number;
  readonly open: number;
  /** The same address, through the proxy. */
  url(target: string): string;
  /** A black hole: connections stay open and new ones are accepted, but nothing goes through in either direction. */
  pause(): void;
  /** A half-open connection: the broker hears the client, the client hears nothing. */
  pauseServerToClient(): void;
  /** Half-closes every connection (FIN): the client is told that nothing more comes, and may still send. New ones are accepted. */
  halfClose(): void;
  /** Delivers what was held back, and all that follows. */
  resume(): void;
  /** Resets every connection (RST), to the client and to the broker. New ones are accepted. */
  cut(): void;
  /** Resets each new connection once the broker has answered this many bytes on it; `undefined`: never. */
  cutAfter(bytes: number | undefined): void;
  /** Refuses new connections (ECONNREFUSED). Those that are open stay. */
  refuse(): void;
  accept(): Promise<void>;
  dispose(): void;
}

/** One client's connection and the one to the broker that belongs to it. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

export async function startProxy(options: { readonly targetPort: number }): Promise<TcpProxy> {
  const proxy = new BreakableProxy(options.targetPort, await freePort());
  await proxy.accept();
  return proxy;
}

class BreakableProxy implements TcpProxy {
  readonly #links = new Set<Link>();
  #listener: Server | undefined;
  #toServerPaused = false;
  #toClientPaused = false;
  #cutAfter: number | undefined;
  accepted = 0;

  constructor(
    readonly targetPort: number,
    readonly port: number,
  ) {}

  get open(): number {
    return this.#links.size;
  }

  url(target: string): string {
    const url = new URL(target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  pause(): void {
    this.#toServerPaused = true;
    this.pauseServerToClient();
  }

  pauseServerToClient(): void {
    this.#toClientPaused = true;
    this.#applyPauses();
  }

  halfClose(): void {
    for (const { client, server } of this.#links) {
      // What the broker sends from now on would be written after the end.
      server.removeAllListeners('data').resume();
      client.end();
    }
  }

  resume(): void {
    this.#toServerPaused = false;
    this.#toClientPaused = false;
    this.#applyPauses();
  }

  cut(): void {
    for (const { client, server } of this.#links) {
      reset(client);
      reset(server);
    }
  }

  cutAfter(bytes: number | undefined): void {
    this.#cutAfter = bytes;
  }

  refuse(): void {
    // Closed at once for new connections; its own close event would wait for the open ones.
    this.#listener?.close();
    this.#listener = undefined;
  }

  async accept(): Promise<void> {
    if (this.#listener !== undefined) return;
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#link(client));
    this.#listener = listener;
    listener.listen(this.port, '127.0.0.1');
    await once(listener, 'listening');
  }

  dispose(): void {
    this.refuse();
    this.cut();
  }

  #link(client: Socket): void {
    const server = connect({ port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const link = { client, server };
    this.accepted++;
    this.#links.add(link);
    if (this.#cutAfter !== undefined) cutAfter(link, this.#cutAfter);
    forward(client, server, () => this.#toServerPaused);
    forward(server, client, () => this.#toClientPaused);
    const unlink = (): void => {
      if (client.destroyed && server.destroyed) this.#links.delete(link);
    };
    client.on('close', unlink);
    server.on('close', unlink);
    this.#applyPauses();
  }

  #applyPauses(): void {
    for (const { client, server } of this.#links) {
      apply(client, this.#toServerPaused);
      apply(server, this.#toClientPaused);
    }
  }
}

/** Like `pipe`, but an error on one side resets the other, and a full receiver never ends a pause. */
function forward(from: Socket, to: Socket, isPaused: () => boolean): void {
  from.on('data', (chunk) => {
    if (!to.write(chunk)) from.pause();
  });
  to.on('drain', () => apply(from, isPaused()));
  from.on('end', () => to.end());
  from.on('error', () => reset(to));
}

function cutAfter({ client, server }: Link, bytes: number): void {
  let left = bytes;
  server.on('data', (chunk) => {
    left -= chunk.length;
    if (left >= 0) return;
    // What belongs before the cut gets through: a reset would overtake it.
    client.end(chunk.subarray(0, chunk.length + left), () => reset(client));
    reset(server);
  });
}

/**
 * Ends a connection with a RST. One that is being shut down is destroyed instead: libuv refuses to reset it, Node takes
 * it for closed all the same, and then spins for ever when the process ends (seen with Node 20.20 and `end()` followed by
 * `resetAndDestroy()` on the next tick).
 */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function apply(socket: Socket, paused: boolean): void {
  if (paused) socket.pause();
  else socket.resume();
}
