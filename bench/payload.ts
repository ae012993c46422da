/** The payload of every message: five fields. */
export interface Payload {
  readonly id: string;
  readonly to: string;
  readonly amount: number;
  readonly urgent: boolean;
  readonly text: string;
}

const SENTENCE = 'A task carries what its handler needs and nothing else. ';

/** So many different payloads of so many bytes as JSON, 100 at least; made before anything is measured. */
export function makePayloads(count: number, bytes: number): readonly Payload[] {
  const text = SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length));
  return Array.from({ length: count }, (_, index) => {
    const id = index.toString(16).padStart(8, '0');
    const payload = { id, to: `${id}@example.com`, amount: 1_000 + index, urgent: index % 2 === 0, text: '' };
    return { ...payload, text: text.slice(0, bytes - JSON.stringify(payload).length) };
  });
}
