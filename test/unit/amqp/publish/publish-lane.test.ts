import { Publication } from '../../../../src/amqp/publish/publication';
import { PublishLane } from '../../../../src/amqp/publish/publish-lane';
import type { MessageProperties } from '../../../../src/message/wire';
import type { PeerConnection, Request } from '../../../support/amqp-peer';
import { closeAll, openConnection, roundTrip, WAYS } from '../peer-connections';

interface Given {
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly body?: string;
  readonly properties?: MessageProperties;
}

let fastPath = true;
afterEach(() => {
  fastPath = true;
});

/** A lane on a connection to a scripted peer, and what became of each message: `waits` until it ends. */
async function stage(maxInFlight = 10) {
  const { peer, connection, server } = await openConnection({ fastPath });
  const outcomes: Record<string, string> = {};
  const hooks: string[] = [];
  const lane = new PublishLane(maxInFlight, fastPath, {
    onRefused: (code) => hooks.push(`refused ${code}`),
    onUnroutable: ({ routingKey }) => hooks.push(`unroutable ${routingKey}`),
    refuseToWait: () => undefined,
  });
  connection.listen({
    onUp: (model) => lane.connected(model),
    onDown: () => lane.disconnected(),
    onBlocked: (reason) => lane.pause(reason !== undefined),
  });
  /** Publishes a message that the table knows by this name. Its id is the name, where none is given. */
  const publish = (name: string, { exchange = '', routingKey = 'q', body = name, properties }: Given = {}): void => {
    outcomes[name] = 'waits';
    const message = {
      exchange,
      routingKey,
      body: Buffer.from(body),
      properties: properties ?? { messageId: name },
    };
    const onEnd = (error?: Error): void => {
      const outcome = error === undefined ? 'confirmed' : error.constructor.name;
      outcomes[name] = outcomes[name] === 'waits' ? outcome : `${outcomes[name]} and then ${outcome}`;
    };
    lane.publish(new Publication(message, 60_000, onEnd, () => undefined));
  };
  /** The next messages that the peer received. */
  const receives = async (count: number, from: PeerConnection = server): Promise<readonly Request[]> => {
    const requests: Request[] = [];
    while (requests.length < count) requests.push(await from.takes('BasicPublish'));
    return requests;
  };
  return { peer, connection, server, lane, outcomes, hooks, publish, receives };
}

type Stage = Awaited<ReturnType<typeof stage>>;

const one = async ({ publish, receives }: Stage, given: Given = {}): Promise<Request> => {
  publish('a', given);
  return (await receives(1))[0] as Request;
};

const two = async ({ publish, receives }: Stage, a: Given = {}, b: Given = {}) => {
  publish('a', a);
  publish('b', b);
  return (await receives(2)) as readonly [Request, Request];
};

afterEach(closeAll);

describe.each(WAYS)('a message in flight, %s', (_way, isFast) => {
  beforeEach(() => {
    fastPath = isFast;
  });

  type Row = readonly [what: string, play: (stage: Stage) => Promise<void>, outcomes: Readonly<Record<string, string>>];

  it.each<Row>([
    ['confirmed ends well', async (s) => (await one(s)).ack(), { a: 'confirmed' }],
    ['refused fails', async (s) => (await one(s)).nack(), { a: 'NackedError' }],
    ['never confirmed waits', async (s) => void (await one(s)), { a: 'waits' }],
    [
      'confirmed before the channel closes has ended',
      async (s) => {
        const a = await one(s);
        a.ack();
        a.refuse(404, "NOT_FOUND - no exchange 'x' in vhost '/'");
      },
      { a: 'confirmed' },
    ],
    [
      'returned and then confirmed is unroutable',
      async (s) => {
        const a = await one(s);
        a.return();
        a.ack();
      },
      { a: 'UnroutableError' },
    ],
    [
      'returned and then refused is unroutable: it reached no queue',
      async (s) => {
        const a = await one(s);
        a.return();
        a.nack();
      },
      { a: 'UnroutableError' },
    ],
    ['returned waits for its confirm', async (s) => (await one(s)).return(), { a: 'waits' }],
    [
      'confirmed together with all before it ends well, and the one behind waits',
      async (s) => {
        const [, b] = await two(s);
        s.publish('c');
        await s.receives(1);
        b.ack(true);
      },
      { a: 'confirmed', b: 'confirmed', c: 'waits' },
    ],
    [
      'confirmed out of turn is not confirmed again by a confirm of all',
      async (s) => {
        const [a, b] = await two(s);
        s.publish('c');
        const [c] = await s.receives(1);
        b.nack();
        c?.ack(true);
        a.ack();
      },
      { a: 'confirmed', b: 'NackedError', c: 'confirmed' },
    ],
    [
      'refused together with all before it fails',
      async (s) => {
        const [, b] = await two(s);
        b.nack(true);
      },
      { a: 'NackedError', b: 'NackedError' },
    ],
    [
      'confirmed twice ends once',
      async (s) => {
        const [a, b] = await two(s);
        a.ack();
        b.ack();
        b.ack();
      },
      { a: 'confirmed', b: 'confirmed' },
    ],
    [
      'returned beside one to the same queue is the one that fails: the first',
      async (s) => {
        const [a, b] = await two(s);
        a.return();
        b.ack(true);
      },
      { a: 'UnroutableError', b: 'confirmed' },
    ],
    [
      'returned beside one to the same queue is the one that fails: the second',
      async (s) => {
        const [, b] = await two(s);
        b.return();
        b.ack(true);
      },
      { a: 'confirmed', b: 'UnroutableError' },
    ],
    [
      'returned beside one to the same queue, each with a confirm of its own, is the one that fails',
      async (s) => {
        const [a, b] = await two(s);
        b.return();
        a.ack();
        b.ack();
      },
      { a: 'confirmed', b: 'UnroutableError' },
    ],
    [
      'returned beside another with the same id is known by its payload',
      async (s) => {
        const [, b] = await two(s, { properties: { messageId: 'same' } }, { properties: { messageId: 'same' } });
        b.return();
        b.ack(true);
      },
      { a: 'confirmed', b: 'UnroutableError' },
    ],
    [
      'returned beside another without an id is known by its payload',
      async (s) => {
        const [, b] = await two(s, { properties: {} }, { properties: {} });
        b.return();
        b.ack(true);
      },
      { a: 'confirmed', b: 'UnroutableError' },
    ],
    [
      'returned beside another with the same id and payload is known by its headers',
      async (s) => {
        const copy = (attempt: number): Given => ({
          body: 'same',
          properties: { messageId: 'same', headers: { 'warren-attempt': attempt } },
        });
        const [, b] = await two(s, copy(1), copy(2));
        b.return();
        b.ack(true);
      },
      { a: 'confirmed', b: 'UnroutableError' },
    ],
    [
      'returned beside its equal takes one of both along, and not both',
      async (s) => {
        const equal = { body: 'same', properties: { messageId: 'same' } };
        const [, b] = await two(s, equal, equal);
        b.return();
        b.ack(true);
      },
      { a: 'UnroutableError', b: 'confirmed' },
    ],
    [
      'returned as all its equals are takes all of them along',
      async (s) => {
        const equal = { body: 'same', properties: { messageId: 'same' } };
        const [a, b] = await two(s, equal, equal);
        a.return();
        b.return();
        b.ack(true);
      },
      { a: 'UnroutableError', b: 'UnroutableError' },
    ],
  ])('that is %s', async (_what, play, expected) => {
    const played = await stage();
    await play(played);
    await roundTrip(played.connection);
    expect(played.outcomes).toEqual(expected);
  });

  it('is found again by its return with every property that a message can have', async () => {
    const all = {
      contentType: 'application/json',
      contentEncoding: 'gzip',
      headers: { text: 'ä', number: 1.5, yes: true, none: null, list: [1, { a: 'b' }], bytes: Buffer.from('x') },
      priority: 3,
      correlationId: 'c',
      replyTo: 'r',
      expiration: '60000',
      messageId: 'id',
      timestamp: 1_767_225_600,
      type: 't',
      appId: 'app',
    };
    const played = await stage();
    const [a] = await two(played, { properties: all, body: '' }, { properties: { ...all, priority: 4 }, body: '' });
    a.return();
    a.ack();
    await roundTrip(played.connection);
    expect(played.outcomes).toEqual({ a: 'UnroutableError', b: 'waits' });
    expect(played.hooks).toEqual(['unroutable q']);
  });
});

describe.each(WAYS)('a lane whose channel the broker closes, %s', (_way, isFast) => {
  beforeEach(() => {
    fastPath = isFast;
  });

  const NO_EXCHANGE = "NOT_FOUND - no exchange 'missing' in vhost '/'";

  it('fails those to the exchange that is missing, and sends the others again, in order', async () => {
    const { server, publish, receives, outcomes, hooks, connection } = await stage();
    publish('a', { exchange: 'there' });
    publish('b', { exchange: 'missing' });
    publish('c', { exchange: 'there' });
    publish('d', { exchange: 'missing' });
    const [, b] = await receives(4);
    b?.refuse(404, NO_EXCHANGE);
    const again = await receives(2);
    expect(again.map(({ body, publishTag }) => [body.toString(), publishTag])).toEqual([
      ['a', 1],
      ['c', 2],
    ]);
    again[1]?.ack(true);
    await roundTrip(connection);
    expect(outcomes).toEqual({
      a: 'confirmed',
      b: 'PublishRefusedError',
      c: 'confirmed',
      d: 'PublishRefusedError',
    });
    expect(hooks).toEqual(['refused 404']);
    expect(server.count('ConfirmSelect')).toBe(2);
  });

  it('finds the one that it objects to, where it names none, by sending each of them alone', async () => {
    const { publish, receives, outcomes, connection, server } = await stage();
    for (const name of ['a', 'b', 'c']) publish(name);
    const [first] = await receives(3);
    first?.refuse(406, 'PRECONDITION_FAILED - invalid message');
    const [a] = await receives(1);
    await roundTrip(connection);
    expect([a?.body.toString(), server.count('BasicPublish')]).toEqual(['a', 4]);
    a?.ack();
    const [b] = await receives(1);
    b?.refuse(406, 'PRECONDITION_FAILED - invalid message');
    const [c] = await receives(1);
    c?.ack();
    await roundTrip(connection);
    expect(outcomes).toEqual({ a: 'confirmed', b: 'PublishRefusedError', c: 'confirmed' });
    // What follows the suspects does not wait for confirms.
    publish('d');
    publish('e');
    await receives(2);
  });

  it.each([
    ['fails the only one in flight', 1, { a: 'PublishRefusedError' }],
    ['fails none where nothing is in flight', 0, { a: 'confirmed' }],
  ])('%s', async (_what, inFlight, expected) => {
    const s = await stage();
    const a = await one(s);
    if (inFlight === 0) a.ack();
    a.refuse(406, 'PRECONDITION_FAILED');
    await roundTrip(s.connection);
    s.publish('b');
    const [b] = await s.receives(1);
    b?.ack();
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ ...expected, b: 'confirmed' });
  });

  it('does not fail the only one in flight where the reply names the exchange of one that was given up', async () => {
    const s = await stage();
    s.publish('a', { exchange: 'missing' });
    const [a] = await s.receives(1);
    s.lane.expire(Number.POSITIVE_INFINITY, () => new RangeError('late'));
    s.publish('b', { exchange: 'there' });
    await s.receives(1);
    a?.refuse(404, NO_EXCHANGE);
    const [b] = await s.receives(1);
    b?.ack();
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'RangeError', b: 'confirmed' });
  });

  it('fails the one that it objects to alone for the second time, though the name in the reply is another', async () => {
    const s = await stage();
    s.publish('a', { exchange: "it's" });
    for (const request of [...(await s.receives(1)), 'again']) {
      const refused = request === 'again' ? (await s.receives(1))[0] : (request as Request);
      refused?.refuse(404, "NOT_FOUND - no exchange 'it's' in vhost '/'");
    }
    s.publish('b');
    (await s.receives(1))[0]?.ack();
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'PublishRefusedError', b: 'confirmed' });
  });

  it('forgets what was returned before: the queue may be there when the message is sent again', async () => {
    const s = await stage();
    const [a, b] = await two(s, { exchange: 'there' }, { exchange: 'missing' });
    a.return();
    b.refuse(404, NO_EXCHANGE);
    const [again] = await s.receives(1);
    again?.ack();
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'confirmed', b: 'PublishRefusedError' });
  });

  it('takes no confirm of the channel before for one of the channel after', async () => {
    const s = await stage();
    const [a, b] = await two(s, { exchange: 'missing' });
    a.refuse(404, NO_EXCHANGE);
    const [again] = await s.receives(1);
    // Tag 2 was b on the first channel, and is nothing on the second.
    s.server.write(b.ackFrame());
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'PublishRefusedError', b: 'waits' });
    again?.ack();
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'PublishRefusedError', b: 'confirmed' });
  });

  it('holds what is published until the next channel confirms, behind what was lost', async () => {
    const s = await stage();
    const [a, b] = await two(s, { exchange: 'missing' });
    s.peer.hold('ConfirmSelect');
    await s.server.takes('ConfirmSelect');
    a.refuse(404, NO_EXCHANGE);
    const select = await s.server.takes('ConfirmSelect');
    s.publish('c');
    await roundTrip(s.connection);
    expect([s.server.count('BasicPublish'), s.lane.waiting]).toEqual([2, 2]);
    select.answer();
    const again = await s.receives(2);
    expect(again.map(({ body }) => body.toString())).toEqual([b.body.toString(), 'c']);
    again[1]?.ack(true);
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'PublishRefusedError', b: 'confirmed', c: 'confirmed' });
  });

  it.each(['in one piece with the answer that opened it', 'instead of opening it'])(
    'opens another where it is closed %s',
    async (when) => {
      const s = await stage();
      const a = await one(s, { exchange: 'missing' });
      s.peer.hold('ConfirmSelect');
      await s.server.takes('ConfirmSelect');
      a.refuse(404, NO_EXCHANGE);
      const select = await s.server.takes('ConfirmSelect');
      s.publish('b');
      s.peer.release('ConfirmSelect');
      if (when.startsWith('in one'))
        s.server.write(s.server.answerTo(select), s.server.closingOf(select.channel, 504, 'CHANNEL_ERROR'));
      else select.refuse(504, 'CHANNEL_ERROR');
      const [b] = await s.receives(1);
      b?.ack();
      await roundTrip(s.connection);
      expect(s.outcomes).toEqual({ a: 'PublishRefusedError', b: 'confirmed' });
    },
  );
});

describe('a lane whose connection is lost', () => {
  const LOSSES: ReadonlyArray<readonly [what: string, lose: (server: PeerConnection) => void]> = [
    ['without a word', (server) => server.drop()],
    ['closed by the broker', (server) => server.close()],
  ];

  it.each(LOSSES)(
    '%s sends again what was in flight, in order, with what came meanwhile behind it',
    async (_, lose) => {
      const s = await stage(2);
      await two(s);
      s.publish('c');
      lose(s.server);
      const next = await s.peer.accepts();
      const again = await s.receives(2, next);
      expect(again.map(({ body }) => body.toString())).toEqual(['a', 'b']);
      again[1]?.ack(true);
      const [c] = await s.receives(1, next);
      c?.ack();
      await roundTrip(s.connection);
      expect(s.outcomes).toEqual({ a: 'confirmed', b: 'confirmed', c: 'confirmed' });
    },
  );

  it('sends nothing again that was confirmed in one piece with the end', async () => {
    const s = await stage();
    const [a] = await two(s);
    s.server.write(a.ackFrame(), s.server.closing());
    const next = await s.peer.accepts();
    const [again] = await s.receives(1, next);
    expect(again?.body.toString()).toBe('b');
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'confirmed', b: 'waits' });
  });

  it('opens its channel on the next one where it was lost while it opened it', async () => {
    const s = await stage();
    await s.server.takes('ConfirmSelect');
    s.peer.hold('ConfirmSelect');
    s.server.drop();
    const second = await s.peer.accepts();
    await second.takes('ConfirmSelect');
    s.publish('a');
    s.peer.release('ConfirmSelect');
    second.drop();
    const third = await s.peer.accepts();
    const [a] = await s.receives(1, third);
    a?.ack();
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'confirmed' });
  });
});

describe('a lane whose broker blocks publishers', () => {
  it('holds messages back, still hears of those in flight, and goes on when the block ends', async () => {
    const s = await stage();
    const a = await one(s);
    s.server.block();
    await roundTrip(s.connection);
    s.publish('b');
    a.ack();
    await roundTrip(s.connection);
    expect([s.outcomes, s.server.count('BasicPublish')]).toEqual([{ a: 'confirmed', b: 'waits' }, 1]);
    s.server.unblock();
    const [b] = await s.receives(1);
    b?.ack();
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'confirmed', b: 'confirmed' });
  });

  it('does not wait on the next connection for the end of a block that went with the last one', async () => {
    const s = await stage();
    s.server.block();
    await roundTrip(s.connection);
    s.publish('a');
    s.server.drop();
    const [a] = await s.receives(1, await s.peer.accepts());
    a?.ack();
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'confirmed' });
  });
});

describe('a message that is given up', () => {
  const late = (): Error => new RangeError('late');
  const DEADLINE = Number.POSITIVE_INFINITY;
  const GIVE_UP: ReadonlyArray<readonly [what: string, giveUp: (stage: Stage) => void]> = [
    ['because its deadline has passed', ({ lane }) => lane.expire(DEADLINE, late)],
    ['because the publisher closes', ({ lane }) => lane.failAll(late)],
  ];

  it.each(GIVE_UP)('%s ends once, whatever comes for it later', async (_what, giveUp) => {
    const s = await stage();
    const [a, b] = await two(s);
    giveUp(s);
    a.return();
    b.ack(true);
    await roundTrip(s.connection);
    expect(s.outcomes).toEqual({ a: 'RangeError', b: 'RangeError' });
    expect(s.lane.size).toBe(0);
  });

  it.each(GIVE_UP)('%s is not sent by the next connection', async (_what, giveUp) => {
    const s = await stage();
    await two(s);
    s.server.drop();
    const next = await s.peer.accepts();
    giveUp(s);
    s.publish('c');
    const [c] = await s.receives(1, next);
    await roundTrip(s.connection);
    expect([c?.body.toString(), s.outcomes]).toEqual(['c', { a: 'RangeError', b: 'RangeError', c: 'waits' }]);
  });

  it('makes room for one that waits', async () => {
    const s = await stage(1);
    await one(s);
    s.publish('b');
    let isFirst = true;
    s.lane.expire(DEADLINE, () => {
      isFirst = false;
      return late();
    });
    expect(isFirst).toBe(false);
    s.publish('c');
    const [c] = await s.receives(1);
    expect(c?.body.toString()).toBe('c');
    expect(s.outcomes).toEqual({ a: 'RangeError', b: 'RangeError', c: 'waits' });
  });

  it('ends once, though the end of another closes the publisher', async () => {
    const s = await stage();
    await two(s);
    s.lane.expire(DEADLINE, () => {
      s.lane.failAll(() => new TypeError('closed'));
      return late();
    });
    expect(Object.values(s.outcomes).filter((outcome) => outcome.includes('and then'))).toEqual([]);
  });
});
