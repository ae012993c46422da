import type { ChannelModel } from 'amqplib';
import { closeChannel, openChannel } from '../../../../src/amqp/connect/channels';
import type { AmqpConnection } from '../../../../src/amqp/connect/connection';
import type { Login } from '../../../../src/amqp/connect/login';
import { nextRealTurn } from '../../../../src/time/real-timers';
import type { PeerConnection, PeerRequest, Request } from '../../../support/amqp-peer';
import { bounded } from '../../../support/bounded';
import { closeAll, connectionTo, listeningPeer, openConnection, roundTrip } from '../peer-connections';

afterEach(closeAll);

/** The calls of a listener, in order. */
function listening(connection: ReturnType<typeof connectionTo>['connection']) {
  const calls: string[] = [];
  const waiting = new Map<string, () => void>();
  const called = (call: string): void => {
    calls.push(call);
    waiting.get(call)?.();
  };
  connection.listen({
    onUp: () => called('up'),
    onDown: () => called('down'),
    onBlocked: (reason) => called(reason === undefined ? 'unblocked' : 'blocked'),
  });
  const next = (call: string): Promise<void> =>
    bounded(`a listener to be called with ${call}`, new Promise<void>((resolve) => waiting.set(call, resolve)));
  return { calls, next };
}

describe('a connection that is closed while it is made', () => {
  it.each<PeerRequest>(['protocol-header', 'ConnectionStartOk', 'ConnectionTuneOk', 'ConnectionOpen'])(
    'at %s gives up its socket at once, and fails to open',
    async (request) => {
      const peer = await listeningPeer();
      peer.hold(request, 'ConnectionOpen');
      const { connection, reported } = connectionTo(peer.url);
      const opening = connection.open();
      const failed = expect(opening).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      const server = await peer.accepts();
      await server.takes(request);
      await connection.close();
      await failed;
      await bounded('the socket to end', server.ended);
      expect(reported).toEqual(['connecting', 'closed']);
      expect(connection.model).toBeUndefined();
    },
  );

  it('in one piece with the last answer of the handshake leaves no socket', async () => {
    const peer = await listeningPeer();
    peer.hold('ConnectionOpen');
    const { connection } = connectionTo(peer.url);
    const failed = expect(connection.open()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    const server = await peer.accepts();
    (await server.takes('ConnectionOpen')).answer();
    await connection.close();
    await failed;
    await bounded('the socket to end', server.ended);
  });

  it('before it has a login asks for none of the peer', async () => {
    const peer = await listeningPeer();
    const { connection } = connectionTo(peer.url, {
      login: () => new Promise(() => undefined),
    });
    const failed = expect(connection.open()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await connection.close();
    await failed;
  });

  it('at any moment between two steps fails to open, and hangs in none', async () => {
    const peer = await listeningPeer();
    for (let turns = 0; turns < 25; turns++) {
      const { connection } = connectionTo(peer.url);
      const opening = connection.open().then(
        () => 'open',
        (error: { code: string }) => error.code,
      );
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await connection.close();
      expect(await bounded(`an end when it is closed after ${turns} turns`, opening)).toBe('CONNECTION_CLOSED');
    }
  });

  it('does not open again', async () => {
    const peer = await listeningPeer();
    const { connection } = connectionTo(peer.url);
    await connection.close();
    await expect(connection.open()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });
});

describe('a connection that is lost while it is made', () => {
  type Break = (server: PeerConnection) => void;
  const drop: Break = (server) => server.drop();

  it.each<readonly [request: PeerRequest, how: string, reason: string, broken: Break]>([
    ['protocol-header', 'is cut', 'unreachable', drop],
    ['ConnectionStartOk', 'is cut', 'unreachable', drop],
    ['ConnectionOpen', 'is cut', 'unreachable', drop],
    [
      'ConnectionStartOk',
      'is refused its login',
      'credentials',
      (server) => server.close(403, 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN'),
    ],
    [
      'ConnectionOpen',
      'is refused its vhost',
      'vhost',
      (server) => server.close(530, 'NOT_ALLOWED - vhost x not found'),
    ],
  ])('and that, at %s, %s fails to open, as %s, and may be opened again', async (request, _how, reason, broken) => {
    const peer = await listeningPeer();
    peer.hold(request);
    const { connection, reported } = connectionTo(peer.url);
    const failed = expect(connection.open()).rejects.toMatchObject({ code: 'CONNECTION_FAILED', reason });
    const server = await peer.accepts();
    await server.takes(request);
    broken(server);
    await failed;
    peer.release(request);
    await connection.open();
    expect(reported).toEqual(['connecting', 'connecting', 'connected']);
  });

  it('in one piece with the last answer of the handshake fails to open', async () => {
    const peer = await listeningPeer();
    peer.hold('ConnectionOpen');
    const { connection } = connectionTo(peer.url);
    const failed = expect(connection.open()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    const server = await peer.accepts();
    const open = await server.takes('ConnectionOpen');
    server.write(server.answerTo(open), server.closing());
    await failed;
    expect(connection.model).toBeUndefined();
  });
});

describe('a connection to several hosts', () => {
  it('goes to the next where one cannot be reached, and reports why', async () => {
    const gone = await listeningPeer();
    const goneUrl = gone.url;
    await gone.close();
    const peers = [await listeningPeer(), await listeningPeer()];
    const { connection } = connectionTo([goneUrl, ...peers.map(({ url }) => url)]);
    await connection.open();
    expect(peers.map(({ url }) => url)).toContain(connection.address);
  });

  it('goes to another when it is lost, and back when that is lost', async () => {
    const peers = [await listeningPeer(), await listeningPeer()];
    const { connection } = connectionTo(peers.map(({ url }) => url));
    const { next } = listening(connection);
    await connection.open();
    const addresses = [connection.address];
    for (let loss = 0; loss < 2; loss++) {
      const current = peers.find(({ url }) => url === connection.address);
      const server = await current?.accepts();
      const up = next('up');
      server?.drop();
      await up;
      addresses.push(connection.address);
    }
    expect(addresses[1]).not.toBe(addresses[0]);
    expect(addresses[2]).toBe(addresses[0]);
  });

  it('fails to open, with the reason of each, where none can be used', async () => {
    const peers = [await listeningPeer(), await listeningPeer()];
    for (const peer of peers) peer.hold('ConnectionStartOk');
    const { connection } = connectionTo(peers.map(({ url }) => url));
    const failed = connection.open().catch((error: unknown) => error);
    const refuse = async (peer: (typeof peers)[number]): Promise<void> => {
      const server = await peer.accepts();
      await server.takes('ConnectionStartOk');
      server.close(403, 'ACCESS_REFUSED - Login was refused');
    };
    await Promise.all(peers.map(refuse));
    expect(await failed).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'credentials' });
    expect(((await failed) as Error).message.match(/Login was refused/g)).toHaveLength(2);
  });
});

describe('a connection that is up', () => {
  it.each<readonly [what: string, lose: (server: PeerConnection) => void, message: string]>([
    ['that is cut', (server) => server.drop(), 'lost'],
    ['that the broker closes', (server) => server.close(320, 'CONNECTION_FORCED - bye'), 'CONNECTION_FORCED - bye'],
    [
      'that the broker closes over an error',
      (server) => server.close(501, 'FRAME_ERROR - type 4'),
      'FRAME_ERROR - type 4',
    ],
  ])('and %s reports why, and comes back', async (_what, lose, message) => {
    const { peer, connection, reported, server } = await openConnection();
    const { calls, next } = listening(connection);
    const up = next('up');
    lose(server);
    await up;
    await peer.accepts();
    expect(calls).toEqual(['up', 'down', 'up']);
    expect(reported).toEqual(['connecting', 'connected', expect.stringContaining(message), 'connected']);
    expect(connection.lastError).toBeUndefined();
  });

  it('and blocked forgets the block with its loss', async () => {
    const { peer, connection, server } = await openConnection();
    const { calls, next } = listening(connection);
    server.block('low on disk');
    await roundTrip(connection);
    expect(connection.blocked).toBe('low on disk');
    const up = next('up');
    server.drop();
    await up;
    await peer.accepts();
    expect([connection.blocked, calls]).toEqual([undefined, ['up', 'blocked', 'down', 'up']]);
  });

  it('and blocked, then unblocked, reports both once', async () => {
    const { connection, server, reported } = await openConnection();
    const { calls } = listening(connection);
    server.block();
    server.unblock();
    await roundTrip(connection);
    expect(calls).toEqual(['up', 'blocked', 'unblocked']);
    expect(reported).toEqual(['connecting', 'connected', 'blocked', 'connected']);
  });
});

/** Only what the test lets pass passes: what waits for a timer in vain hangs. */
function fakeTimers(): void {
  beforeEach(() =>
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] }),
  );
  afterEach(() => jest.useRealTimers());
}

describe('a connection that is closed', () => {
  fakeTimers();

  it.each<readonly [what: string, meanwhile: (server: PeerConnection, close: Request) => void]>([
    ['agrees', (_server, close) => close.answer()],
    ['closes it, too, and then agrees', (server, close) => server.write(server.closing(), server.answerTo(close))],
    ['cuts it instead', (server) => server.drop()],
  ])('while the broker %s waits for nothing more, and does not come back', async (_what, meanwhile) => {
    const { peer, connection, server, reported } = await openConnection();
    const { calls } = listening(connection);
    peer.hold('ConnectionClose');
    const closing = connection.close();
    meanwhile(server, await server.takes('ConnectionClose'));
    await bounded('the connection to be closed', closing);
    expect([calls, reported]).toEqual([
      ['up', 'down'],
      ['connecting', 'connected', 'closed'],
    ]);
  });

  it('waits 2 s for a broker that does not answer, and then ends its socket', async () => {
    const { peer, connection, server } = await openConnection();
    peer.hold('ConnectionClose');
    const closing = connection.close();
    await server.takes('ConnectionClose');
    jest.advanceTimersByTime(2_000);
    await bounded('the connection to be closed', closing);
    await bounded('the socket to end', server.ended);
  });

  it('takes its channels along at once, though they are being closed themselves', async () => {
    const { peer, connection, server } = await openConnection();
    peer.hold('ChannelClose');
    const channel = await openChannel(modelOf(connection));
    const closed = closeChannel(channel);
    await server.takes('ChannelClose');
    server.drop();
    await bounded('the channel to be closed', closed);
  });

  it('while it waits to come back does not come back', async () => {
    const { peer, connection, server, reported } = await openConnection();
    const { next } = listening(connection);
    const down = next('down');
    server.drop();
    await down;
    await connection.close();
    jest.advanceTimersByTime(60_000);
    expect(jest.getTimerCount()).toBe(0);
    expect(reported.at(-1)).toBe('closed');
    await peer.close();
  });
});

describe('the secret of a connection', () => {
  fakeTimers();
  const EXPIRES_MS = 60_000;

  /** A connection whose login expires. The next ones come when the test gives them. */
  async function expiring() {
    const peer = await listeningPeer();
    const asked: ((login: Login) => void)[] = [];
    const waiting: (() => void)[] = [];
    let logins = 0;
    const { connection, reported } = connectionTo(peer.url, {
      login: () => {
        if (logins++ === 0) return Promise.resolve(loginOf('first'));
        return new Promise((resolve) => {
          asked.push(resolve);
          waiting.shift()?.();
        });
      },
    });
    await connection.open();
    /** Lets time pass until the next login is asked for. */
    const expire = async (): Promise<(login: Login) => void> => {
      const come = new Promise<void>((resolve) => waiting.push(resolve));
      jest.advanceTimersByTime(EXPIRES_MS);
      await bounded('the next login to be asked for', come);
      return asked.shift() as (login: Login) => void;
    };
    return { peer, connection, reported, expire, server: await peer.accepts() };
  }

  const loginOf = (secret: string, username = 'ada', expiresInMs = EXPIRES_MS): Login => ({
    mechanism: 'PLAIN',
    username,
    expiresAt: Date.now() + expiresInMs,
    secret: () => secret,
  });
  const later = (secret: string): Login => loginOf(secret, 'ada', 10 * EXPIRES_MS);

  it('is renewed before it expires, and again before the next one does', async () => {
    const { expire, server, reported } = await expiring();
    for (const secret of ['second', 'third']) {
      (await expire())(loginOf(secret, 'ada', secret === 'second' ? EXPIRES_MS + 1_000 : 10 * EXPIRES_MS));
      const update = await server.takes('ConnectionUpdateSecret');
      expect(String(update.fields['newSecret'])).toBe(secret);
      await nextTurns();
    }
    expect(reported).toEqual(['connecting', 'connected']);
  });

  it.each<readonly [what: string, isClosed: boolean]>([
    ['closed', true],
    ['lost', false],
  ])('is not sent over a connection that was %s while the next one was fetched', async (_what, isClosed) => {
    const { expire, server, connection, reported } = await expiring();
    const { next } = listening(connection);
    const give = await expire();
    const down = next('down');
    if (isClosed) await connection.close();
    else server.drop();
    await down;
    give(later('second'));
    await nextTurns();
    await connection.close();
    expect(server.count('ConnectionUpdateSecret')).toBe(0);
    expect(reported.filter((line) => line.includes('credentials'))).toEqual([]);
  });

  it('that is on its way when the connection is closed delays nothing, and nothing is reported of it', async () => {
    const { expire, server, connection, reported, peer } = await expiring();
    peer.hold('ConnectionUpdateSecret');
    (await expire())(later('second'));
    const update = await server.takes('ConnectionUpdateSecret');
    const closing = connection.close();
    update.answer();
    await bounded('the connection to be closed', closing);
    jest.advanceTimersByTime(EXPIRES_MS);
    await nextTurns();
    expect(reported).toEqual(['connecting', 'connected', 'closed']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits while the broker reads nothing', async () => {
    const { expire, server, connection } = await expiring();
    server.block();
    await roundTrip(connection);
    jest.advanceTimersByTime(EXPIRES_MS);
    server.unblock();
    await roundTrip(connection);
    (await expire())(later('second'));
    await server.takes('ConnectionUpdateSecret');
  });

  it('of another user is for the next connection', async () => {
    const { expire, server, connection } = await expiring();
    (await expire())(loginOf('second', 'grace', 10 * EXPIRES_MS));
    await nextTurns();
    await roundTrip(connection);
    expect(server.count('ConnectionUpdateSecret')).toBe(0);
  });

  it('that is no newer is reported, and asked for again', async () => {
    const { expire, server, reported } = await expiring();
    (await expire())(loginOf('second', 'ada', -1));
    await nextTurns();
    (await expire())(later('third'));
    await server.takes('ConnectionUpdateSecret');
    await nextTurns();
    expect(reported).toEqual(['connecting', 'connected', expect.stringContaining('no later'), 'connected']);
  });
});

const nextTurns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await nextRealTurn();
};

const modelOf = ({ model }: AmqpConnection): ChannelModel => {
  if (model === undefined) throw new Error('there is no connection');
  return model;
};
