import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { MessageProperties } from '../../src/message/wire';
import { FrameReader, type MethodName, messageFrames, methodFrame, type ReceivedMethod } from './amqp-peer-frames';
import { bounded } from './bounded';

/** What the peer receives: a method, or the first bytes of a connection. */
export type PeerRequest = MethodName | 'protocol-header';

/** The message of a delivery. */
export interface PeerMessage {
  readonly body?: string;
  readonly properties?: MessageProperties;
  readonly redelivered?: boolean;
}

const SERVER_PROPERTIES = { product: 'RabbitMQ', version: '4.3.0', capabilities: { 'connection.blocked': true } };

/** What a broker answers where nothing is wrong. A method that is not listed has no answer. */
const ANSWERS: Readonly<Partial<Record<PeerRequest, readonly [MethodName, object]>>> = {
  'protocol-header': ['ConnectionStart', { versionMajor: 0, versionMinor: 9, serverProperties: SERVER_PROPERTIES }],
  ConnectionStartOk: ['ConnectionTune', { channelMax: 2_047, frameMax: 131_072, heartbeat: 0 }],
  ConnectionOpen: ['ConnectionOpenOk', {}],
  ConnectionClose: ['ConnectionCloseOk', {}],
  ConnectionUpdateSecret: ['ConnectionUpdateSecretOk', {}],
  ChannelOpen: ['ChannelOpenOk', {}],
  ChannelClose: ['ChannelCloseOk', {}],
  ConfirmSelect: ['ConfirmSelectOk', {}],
  QueueDeclare: ['QueueDeclareOk', { queue: 'q', messageCount: 0, consumerCount: 1 }],
  BasicQos: ['BasicQosOk', {}],
  BasicConsume: ['BasicConsumeOk', {}],
  BasicCancel: ['BasicCancelOk', {}],
};

/**
 * The broker's side of AMQP 0-9-1, by script: a TCP server on the loopback interface that answers as a broker does
 * where nothing is wrong, but for what the test holds. Then the test takes the request and answers it, refuses it, or
 * never does. Nothing here waits for a time.
 */
export class AmqpPeer {
  readonly #connections: PeerConnection[] = [];
  readonly #arrivals = new Arrivals<PeerConnection>();
  readonly #held = new Set<PeerRequest>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      const connection = new PeerConnection(socket, this.#held);
      this.#connections.push(connection);
      this.#arrivals.add(connection);
    });
  }

  static async listen(): Promise<AmqpPeer> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new AmqpPeer(server);
  }

  get url(): string {
    return `amqp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next connection that the test has not taken yet. */
  accepts(): Promise<PeerConnection> {
    return this.#arrivals.take('a connection');
  }

  /** Answers no such request by itself any more, on any connection. */
  hold(...requests: readonly PeerRequest[]): void {
    for (const request of requests) this.#held.add(request);
  }

  /** Answers such requests again. Those that have come meanwhile stay unanswered. */
  release(...requests: readonly PeerRequest[]): void {
    for (const request of requests) this.#held.delete(request);
  }

  /** Ends all connections, and takes no more of them. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const connection of this.#connections) connection.drop();
    await closed;
  }
}

/** One connection of a client, from the broker's side. */
export class PeerConnection {
  /** Every request, in order: `BasicPublish 1` came on channel 1. */
  readonly log: string[] = [];
  /** Resolves when the client's side has ended. */
  readonly ended: Promise<void>;
  readonly #reader = new FrameReader();
  readonly #arrivals = new Map<PeerRequest, Arrivals<Request>>();
  readonly #publishes = new Map<number, number>();
  readonly #consumers = new Map<number, string>();
  /** Channels whose end the client has not agreed to yet. */
  readonly #closing = new Set<number>();
  #consumerCount = 0;

  constructor(
    private readonly socket: Socket,
    private readonly held: ReadonlySet<PeerRequest>,
  ) {
    this.ended = new Promise((resolve) => {
      socket.once('end', resolve).once('close', () => resolve());
    });
    // A client that gives up resets its connection.
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      for (const method of this.#reader.read(bytes)) this.#received(method);
    });
  }

  /** The next such request that the test has not taken yet. */
  takes(name: PeerRequest): Promise<Request> {
    return this.#arrivalsOf(name).take(name);
  }

  /** How many such requests have come. */
  count(name: PeerRequest): number {
    return this.log.filter((line) => line.split(' ')[0] === name).length;
  }

  /** Sends frames in one piece, so that a client reads them together. */
  write(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  send(channel: number, name: MethodName, fields: object = {}): void {
    this.write(methodFrame(channel, name, fields));
  }

  /** Delivers a message to the consumer of a channel. */
  deliver(channel: number, deliveryTag: number, message: PeerMessage = {}): void {
    this.write(this.delivery(channel, deliveryTag, message));
  }

  /** The frames of a delivery. */
  delivery(
    channel: number,
    deliveryTag: number,
    { body = '', properties = {}, redelivered }: PeerMessage = {},
  ): Buffer {
    const consumerTag = this.consumerTag(channel);
    const fields = { consumerTag, deliveryTag, redelivered: redelivered === true, exchange: '', routingKey: 'q' };
    return messageFrames(channel, 'BasicDeliver', fields, { properties, body: Buffer.from(body) });
  }

  /** The last consumer of a channel. */
  consumerTag(channel: number): string {
    return this.#consumers.get(channel) ?? 'no-consumer';
  }

  /** Ends a consumer from the broker's side, as when its queue was deleted. */
  cancel(channel: number): void {
    this.write(this.cancelling(channel));
  }

  /** The frame that ends a consumer. */
  cancelling(channel: number): Buffer {
    return methodFrame(channel, 'BasicCancel', { consumerTag: this.consumerTag(channel), nowait: true });
  }

  closeChannel(channel: number, replyCode: number, replyText: string): void {
    this.write(this.closingOf(channel, replyCode, replyText));
  }

  /** The frame that closes a channel. What the client still sends there until it has agreed is dropped, as a broker does. */
  closingOf(channel: number, replyCode: number, replyText: string): Buffer {
    this.#closing.add(channel);
    return methodFrame(channel, 'ChannelClose', { replyCode, replyText, classId: 0, methodId: 0 });
  }

  close(replyCode?: number, replyText?: string): void {
    this.write(this.closing(replyCode, replyText));
  }

  /** The frame that closes the connection. */
  closing(replyCode = 320, replyText = 'CONNECTION_FORCED - the operator closed it'): Buffer {
    return methodFrame(0, 'ConnectionClose', { replyCode, replyText, classId: 0, methodId: 0 });
  }

  block(reason = 'low on memory'): void {
    this.send(0, 'ConnectionBlocked', { reason });
  }

  unblock(): void {
    this.send(0, 'ConnectionUnblocked');
  }

  /** Ends the TCP connection, without a frame of AMQP. */
  drop(): void {
    this.socket.destroy();
  }

  /** What a broker answers to a request where nothing is wrong. */
  answerTo({ name, channel, fields }: Request): Buffer {
    const answer = ANSWERS[name];
    if (answer === undefined) throw new Error(`a broker has no answer to ${name}`);
    const [method, given] = answer;
    if (name === 'BasicConsume') this.#consumers.set(channel, `consumer-${++this.#consumerCount}`);
    const tag = name === 'BasicConsume' ? { consumerTag: this.consumerTag(channel) } : {};
    const cancelled = name === 'BasicCancel' ? { consumerTag: fields['consumerTag'] } : {};
    return methodFrame(channel, method, { ...given, ...tag, ...cancelled });
  }

  #received(method: ReceivedMethod | 'protocol-header'): void {
    const request = new Request(this, method, this.#publishTag(method));
    const { name, channel } = request;
    if (name === 'ChannelCloseOk') this.#closing.delete(channel);
    if (this.#closing.has(channel)) {
      // Both have closed it at once: each agrees with the other.
      if (name === 'ChannelClose') request.answer();
      return;
    }
    this.log.push(`${name} ${request.channel}`);
    this.#arrivalsOf(name).add(request);
    if (!this.held.has(name) && ANSWERS[name] !== undefined) request.answer();
  }

  /** A channel counts its publishes from 1, and begins again when it is opened again. */
  #publishTag(method: ReceivedMethod | 'protocol-header'): number {
    if (method === 'protocol-header') return 0;
    const { name, channel } = method;
    if (name === 'ChannelOpen') this.#publishes.delete(channel);
    if (name !== 'BasicPublish') return 0;
    const tag = (this.#publishes.get(channel) ?? 0) + 1;
    this.#publishes.set(channel, tag);
    return tag;
  }

  #arrivalsOf(name: PeerRequest): Arrivals<Request> {
    const arrivals = this.#arrivals.get(name) ?? new Arrivals<Request>();
    this.#arrivals.set(name, arrivals);
    return arrivals;
  }
}

/** One request of a client, which the test may answer. */
export class Request {
  readonly name: PeerRequest;
  readonly channel: number;
  readonly fields: ReceivedMethod['fields'];
  readonly properties: MessageProperties;
  readonly body: Buffer;

  constructor(
    private readonly connection: PeerConnection,
    method: ReceivedMethod | 'protocol-header',
    /** Of a publish: what a confirm names. */
    readonly publishTag: number,
  ) {
    const isHeader = method === 'protocol-header';
    this.name = isHeader ? method : method.name;
    this.channel = isHeader ? 0 : method.channel;
    this.fields = isHeader ? {} : method.fields;
    this.properties = isHeader ? {} : method.properties;
    this.body = isHeader ? Buffer.alloc(0) : method.body;
  }

  /** As a broker does where nothing is wrong. */
  answer(): void {
    this.connection.write(this.connection.answerTo(this));
  }

  /** Closes its channel over it. */
  refuse(replyCode: number, replyText: string): void {
    this.connection.closeChannel(this.channel, replyCode, replyText);
  }

  ack(multiple = false): void {
    this.connection.write(this.ackFrame(multiple));
  }

  nack(multiple = false): void {
    this.connection.write(methodFrame(this.channel, 'BasicNack', { deliveryTag: this.publishTag, multiple }));
  }

  ackFrame(multiple = false): Buffer {
    return methodFrame(this.channel, 'BasicAck', { deliveryTag: this.publishTag, multiple });
  }

  /** Sends a message back that reached no queue. Its confirm follows when the test sends it. */
  return(): void {
    this.connection.write(this.returnFrames());
  }

  returnFrames(): Buffer {
    const { exchange, routingKey } = this.fields;
    const fields = { replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey };
    return messageFrames(this.channel, 'BasicReturn', fields, this);
  }
}

/** What has come and was not taken, and the waits for more. */
class Arrivals<T> {
  readonly #come: T[] = [];
  readonly #waiting: ((arrival: T) => void)[] = [];

  add(arrival: T): void {
    const first = this.#waiting.shift();
    if (first === undefined) this.#come.push(arrival);
    else first(arrival);
  }

  take(what: string): Promise<T> {
    const first = this.#come.shift();
    if (first !== undefined) return Promise.resolve(first);
    return bounded(`${what} to come to the scripted peer`, new Promise<T>((resolve) => this.#waiting.push(resolve)));
  }
}
