import type { IncomingMessage, OutgoingMessage } from '../message/wire';
import { SCHEDULES_QUEUE, SCHEDULES_VIEW } from '../topology/names';
import { type Json, object, oneOf, optional, readJson, text, whole } from './json-shape';
import type { ScheduleCommand, ScheduleMessage } from './messages';
import { readRelease, readSchedule } from './schedule-json';
import type { ScheduleState } from './state';
import { encodeState } from './state-json';

/** The `type` property of the queue's messages. */
const STATE_TYPE = 'warren.schedules.state';
const MESSAGE_TYPE = 'warren.schedules.message';

/** What tells a state from others without reading it. */
export interface StateMark {
  readonly fence: number;
  readonly seq: number;
  /** The process that wrote it. */
  readonly leader: string;
}

/** The two copies of a state: the one that makes its reader the leader, and the one that everybody may read. */
export function stateMessages(state: ScheduleState, leader: string): readonly [OutgoingMessage, OutgoingMessage] {
  const body = encodeState(state);
  const properties = {
    type: STATE_TYPE,
    contentType: 'application/json',
    messageId: `${state.fence}.${state.seq}`,
    headers: { 'warren-fence': state.fence, 'warren-seq': state.seq, 'warren-leader': leader },
  };
  return [
    { exchange: '', routingKey: SCHEDULES_QUEUE, body, properties },
    { exchange: '', routingKey: SCHEDULES_VIEW, body, properties },
  ];
}

/** The mark of a state, or `undefined` for any other message. */
export function stateMark({ properties: { type, headers } }: IncomingMessage): StateMark | undefined {
  if (type !== STATE_TYPE || headers === undefined) return undefined;
  const { 'warren-fence': fence, 'warren-seq': seq, 'warren-leader': leader } = headers;
  if (!Number.isSafeInteger(fence) || !Number.isSafeInteger(seq) || typeof leader !== 'string') return undefined;
  return { fence: fence as number, seq: seq as number, leader };
}

export function scheduleMessage(message: ScheduleMessage): OutgoingMessage {
  return {
    exchange: '',
    routingKey: SCHEDULES_QUEUE,
    body: Buffer.from(JSON.stringify(message)),
    properties: { type: MESSAGE_TYPE, contentType: 'application/json' },
  };
}

/** `undefined` for what nobody here has written. */
export function readScheduleMessage({ properties, body }: IncomingMessage): ScheduleMessage | undefined {
  return properties.type === MESSAGE_TYPE ? readJson(body, readMessage) : undefined;
}

function readMessage(value: unknown): ScheduleMessage {
  const json = object(value);
  const kind = oneOf(json['kind'], ['hello', 'bye', 'ended', 'command'] as const);
  switch (kind) {
    case 'hello': {
      const said = { worker: text(json['worker']), startedAt: whole(json['startedAt']) };
      const release = { releaseKey: text(json['releaseKey']), release: readRelease(json['release']) };
      return { kind, ...said, ...release, nonce: optional(json['nonce'], text) };
    }
    case 'bye':
      return { kind, worker: text(json['worker']) };
    case 'ended':
      return { kind, name: text(json['name']), taskId: text(json['taskId']) };
    case 'command':
      return { kind, command: readCommand(object(json['command'])) };
  }
}

function readCommand(json: Json): ScheduleCommand {
  const id = text(json['id']);
  const kind = oneOf(json['kind'], ['add', 'replace', 'remove', 'pause', 'resume', 'trigger'] as const);
  switch (kind) {
    case 'add':
    case 'replace':
      return { kind, id, schedule: readSchedule(json['schedule']) };
    case 'trigger':
      return { kind, id, name: text(json['name']), taskId: text(json['taskId']) };
    default:
      return { kind, id, name: text(json['name']) };
  }
}
