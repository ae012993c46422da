import { SETTINGS } from './settings';

/** The payload of every message: five fields, 300 bytes as JSON. */
export interface Payload {
  readonly id: string;
  readonly to: string;
  readonly amount: number;
  readonly urgent: boolean;
  readonly text: string;
}

const LONGEST_TEXT = 'A task carries what its handler needs and nothing else. '.repeat(8);

/** So many different payloads, made before anything is measured. */
export function makePayloads(count: number): readonly Payload[] {
  return Array.from({ length: count }, (_, index) => {
    const payload = {
      id: `5b1f0a3e-7c1d-4d52-9a64-${index.toString(16).padStart(12, '0')}`,
      to: `user${index}@example.com`,
      amount: 1_000 + index,
      urgent: index % 2 === 0,
      text: '',
    };
    const room = SETTINGS.payloadBytes - JSON.stringify(payload).length;
    return { ...payload, text: LONGEST_TEXT.slice(0, room) };
  });
}
