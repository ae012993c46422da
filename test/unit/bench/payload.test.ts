import { makePayloads } from '../../../bench/payload';

describe('the payloads of the benchmark', () => {
  it.each([100, 300, 1_000, 100_000])('have %d bytes as JSON, all of them', (bytes) => {
    const payloads = makePayloads(1_000, bytes);
    const sizes = new Set(payloads.map((payload) => Buffer.byteLength(JSON.stringify(payload))));
    expect([...sizes]).toEqual([bytes]);
  });

  it('differ', () => {
    expect(new Set(makePayloads(1_000, 300).map((payload) => JSON.stringify(payload))).size).toBe(1_000);
  });
});
