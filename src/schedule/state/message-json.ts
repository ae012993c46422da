import { assertNever } from '../../errors/assert-never';
import type { IncomingMessage, OutgoingMessage } from '../../message/wire';
import { SCHEDULES_QUEUE, SCHEDULES_VIEW } from '../../topology/names';
import { type Json, object, oneOf, optional, readJson, readPart, shortText, whole } from './json-shape';
import { MAX_MESSAGE_BYTES } from './limits';
import type { ScheduleCommand, ScheduleMessage } from './messages';
import { nameOf, readRelease, readSchedule } from './schedule-json';
import type { ScheduleState } from './state';
import { encodeState, MAX_FENCE } from './state-json';

/** The `type` property of the queue's messages. */
const STATE_TYPE = 'warren.schedules.state';
const MESSAGE_TYPE = 'warren.schedules.message';
/** Brings the nonce of a hello, also where its body cannot be read. */
const NONCE_HEADER = 'warren-nonce';
const MAX_LEADER_BYTES = 64;

/** What tells a state from others without reading it. */
export interface StateMark {
  readonly fence: number;
  readonly seq: number;
  /** The process that wrote it. */
  readonly leader: string;
  /** By which its writer recognises it; the copy for readers has none. */
  readonly echo?: string | undefined;
}

/**
 * The two copies of a state: the one that makes its reader the leader, and the one that everybody may read.
 *
 * @param echo - by which its writer recognises the first one.
 */
export function stateMessages(
  state: ScheduleState,
  leader: string,
  echo?: string,
): readonly [OutgoingMessage, OutgoingMessage] {
  const body = encodeState(state);
  const headers = { 'warren-fence': state.fence, 'warren-seq': state.seq, 'warren-leader': leader };
  const properties = {
    type: STATE_TYPE,
    contentType: 'application/json',
    messageId: `${state.fence}.${state.seq}`,
    headers,
  };
  const own = echo === undefined ? properties : { ...properties, headers: { ...headers, 'warren-echo': echo } };
  return [
    { exchange: '', routingKey: SCHEDULES_QUEUE, body, properties: own },
    { exchange: '', routingKey: SCHEDULES_VIEW, body, properties },
  ];
}

/** The mark of a state, or `undefined` for any other message, and for one that claims what no leader can have counted. */
export function stateMark({ properties: { type, headers } }: IncomingMessage): StateMark | undefined {
  if (type !== STATE_TYPE || headers === undefined) return undefined;
  const { 'warren-fence': fence, 'warren-seq': seq, 'warren-leader': leader, 'warren-echo': echo } = headers;
  if (!isCount(fence) || !isCount(seq)) return undefined;
  if (typeof leader !== 'string' || leader.length > MAX_LEADER_BYTES) return undefined;
  return { fence, seq, leader, echo: typeof echo === 'string' ? echo : undefined };
}

const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_FENCE;

export function scheduleMessage(message: ScheduleMessage): OutgoingMessage {
  return {
    exchange: '',
    routingKey: SCHEDULES_QUEUE,
    body: Buffer.from(JSON.stringify(message)),
    properties: {
      type: MESSAGE_TYPE,
      contentType: 'application/json',
      ...(message.kind === 'hello' && message.nonce !== undefined
        ? { headers: { [NONCE_HEADER]: message.nonce } }
        : {}),
    },
  };
}

/** The nonce of a hello, which only its sender knows. */
export function helloNonce({ properties: { type, headers } }: IncomingMessage): string | undefined {
  const nonce = type === MESSAGE_TYPE ? headers?.[NONCE_HEADER] : undefined;
  return typeof nonce === 'string' ? nonce : undefined;
}

/** `undefined` for what nobody here has written. */
export function readScheduleMessage({ properties, body }: IncomingMessage): ScheduleMessage | undefined {
  if (properties.type !== MESSAGE_TYPE || body.length > MAX_MESSAGE_BYTES) return undefined;
  return readJson(body, readMessage);
}

function readMessage(value: unknown): ScheduleMessage {
  const json = object(value);
  const kind = oneOf(json['kind'], ['hello', 'bye', 'ended', 'command'] as const);
  switch (kind) {
    case 'hello': {
      const said = { worker: shortText(json['worker'], MAX_LEADER_BYTES), startedAt: whole(json['startedAt']) };
      const release = { releaseKey: shortText(json['releaseKey']), release: readRelease(json['release']) };
      return { kind, ...said, ...release, nonce: optional(json['nonce'], (nonce) => shortText(nonce)) };
    }
    case 'bye':
      return { kind, worker: shortText(json['worker'], MAX_LEADER_BYTES) };
    case 'ended':
      return { kind, name: shortText(json['name']), taskId: shortText(json['taskId']) };
    case 'command':
      return { kind, command: readCommand(object(json['command'])) };
    default:
      return assertNever(kind);
  }
}

function readCommand(json: Json): ScheduleCommand {
  const id = shortText(json['id']);
  const kind = oneOf(json['kind'], ['add', 'replace', 'remove', 'pause', 'resume', 'trigger'] as const);
  switch (kind) {
    case 'add':
    case 'replace': {
      const schedule = readPart(json['schedule'], readSchedule);
      if (schedule.ok) return { kind, id, schedule: schedule.value };
      return { kind: 'unusable', id, name: nameOf(json['schedule']), problem: schedule.problem };
    }
    case 'trigger':
      return { kind, id, name: shortText(json['name']), taskId: shortText(json['taskId']) };
    case 'remove':
    case 'pause':
    case 'resume':
      return { kind, id, name: shortText(json['name']) };
    default:
      return assertNever(kind);
  }
}
