import { createServer } from 'node:net';

/**
 * Below the ports that the system gives to outgoing connections (from 32768 on Linux). In that range, a client that
 * reconnects to a broker which is down can be given the broker's own port, and so connects to itself and keeps the port.
 */
const FIRST = 20_000;
const COUNT = 10_000;

const taken = new Set<number>();

/** A port of 127.0.0.1 that nobody listens on and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`found no free port from ${FIRST} to ${FIRST + COUNT - 1} in 100 attempts`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
