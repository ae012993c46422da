import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';

/**
 * Every part of amqplib 2.3 that is used and is not its public API. Each is looked for before it is used. A new version
 * of amqplib is compared with this list before it is added to the tested ones (`fast-path/tested-versions.ts`).
 */
export interface ConnectionInternals {
  readonly stream?: {
    readonly destroyed?: boolean;
    readonly readableEnded?: boolean;
    cork?(): void;
    uncork?(): void;
    destroy?(error?: Error): void;
  };
  /** Writes the frames of all channels, one by one. */
  readonly muxer?: { _readIncoming?: () => void };
  readonly heartbeater?: { clear?(): void } | null;
  readonly expectSocketClose?: boolean;
  /** How many channels the connection may have, as agreed in the handshake. */
  readonly channelMax?: number;
  /** What was received and is not read yet. */
  rest?: unknown;
  /** Reads one frame of `rest`. */
  recvFrame?: () => unknown;
  /** Takes one frame; another function once the connection is closing. */
  readonly accept?: unknown;
  readonly channels?: readonly (ChannelSlot | null | undefined)[];
}

export interface ChannelSlot {
  /** What the frames of the channel are written to. */
  readonly buffer?: FrameSink;
  /** A channel that is closing has an `accept` of its own. */
  readonly channel?: { readonly accept?: unknown; readonly consumers?: ReadonlyMap<string, Consumer> };
}

export type Consumer = (message: ConsumeMessage) => unknown;

export interface FrameSink {
  write?(frames: Buffer): boolean;
}

/** amqplib calls it once: with `null` for an ack, else with an error. */
export type ConfirmCallback = (error: unknown) => void;

export interface ChannelInternals {
  /** The channel's number. */
  readonly ch?: unknown;
  readonly connection?: ConnectionInternals;
  /** Keeps what to call for the next confirm. */
  pushConfirmCallback?(callback: ConfirmCallback): void;
}

export const connectionInternals = (model: ChannelModel): ConnectionInternals =>
  (model as { readonly connection?: ConnectionInternals }).connection ?? {};

export const channelInternals = (channel: Channel): ChannelInternals => channel as unknown as ChannelInternals;
