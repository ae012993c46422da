import fc from 'fast-check';
import { AckBatcher, type AckWriter } from '../../../../src/amqp/consume/ack-batcher';

/** One channel as RabbitMQ keeps it: which tags are outstanding, and what an ack does to them. */
class SimulatedChannel implements AckWriter {
  readonly outstanding = new Set<number>();
  readonly acked = new Set<number>();
  readonly frames: string[] = [];
  #lastTag = 0;

  deliver(): void {
    this.outstanding.add(++this.#lastTag);
  }

  nack(tag: number): void {
    this.#take(tag);
  }

  ack(tag: number, multiple: boolean): void {
    this.frames.push(multiple ? `<=${tag}` : `${tag}`);
    this.#take(tag);
    this.acked.add(tag);
    if (!multiple) return;
    for (const earlier of [...this.outstanding].filter((other) => other < tag)) {
      this.#take(earlier);
      this.acked.add(earlier);
    }
  }

  #take(tag: number): void {
    if (!this.outstanding.delete(tag)) throw new Error(`406 PRECONDITION_FAILED - unknown delivery tag ${tag}`);
  }
}

function channelWith(deliveries: number): { channel: SimulatedChannel; batcher: AckBatcher } {
  const channel = new SimulatedChannel();
  for (let i = 0; i < deliveries; i++) channel.deliver();
  return { channel, batcher: new AckBatcher(channel) };
}

it.each<[string, number[], string[]]>([
  ['nothing', [], []],
  ['the first delivery', [1], ['1']],
  ['a run from the first one', [1, 2, 3], ['<=3']],
  ['a run in any order', [3, 1, 2], ['<=3']],
  ['a run with a hole', [1, 2, 4, 5], ['<=2', '4', '5']],
  ['later deliveries, while the first is at work', [2, 3], ['2', '3']],
])('writes for %s: acks of %j become %j', (_label, tags, frames) => {
  const { channel, batcher } = channelWith(6);
  for (const tag of tags) batcher.ack(tag);
  expect(batcher.waiting).toBe(tags.length);
  batcher.flush();
  batcher.flush();
  expect(channel.frames).toEqual(frames);
  expect(batcher.waiting).toBe(0);
});

it('goes on behind a run that was sent, and over deliveries that were given back', () => {
  const { channel, batcher } = channelWith(6);
  batcher.ack(2);
  batcher.flush();
  channel.nack(3);
  batcher.settledOtherwise(3);
  for (const tag of [1, 5, 4]) batcher.ack(tag);
  batcher.flush();
  expect(channel.frames).toEqual(['2', '<=5']);
  expect([...channel.outstanding]).toEqual([6]);
});

it('never names a delivery that was given back, though it ends the run', () => {
  const { channel, batcher } = channelWith(3);
  for (const tag of [1, 2]) batcher.ack(tag);
  channel.nack(3);
  batcher.settledOtherwise(3);
  batcher.flush();
  expect(channel.frames).toEqual(['<=2']);
});

type Step = { readonly kind: 'deliver' | 'ack' | 'nack' | 'flush'; readonly pick: number };

const steps = fc.array(
  fc.record<Step>({
    kind: fc.oneof(
      { weight: 4, arbitrary: fc.constant('deliver' as const) },
      { weight: 4, arbitrary: fc.constant('ack' as const) },
      { weight: 1, arbitrary: fc.constant('nack' as const) },
      { weight: 1, arbitrary: fc.constant('flush' as const) },
    ),
    pick: fc.nat(),
  }),
  { maxLength: 80 },
);

it('acknowledges what was acknowledged and nothing else, in no more frames, whatever the order', () => {
  fc.assert(
    fc.property(steps, (run) => {
      const { channel, batcher } = channelWith(0);
      const ackedByUser = new Set<number>();
      for (const { kind, pick } of run) {
        const unsettled = [...channel.outstanding].filter((tag) => !ackedByUser.has(tag));
        const tag = unsettled[pick % Math.max(1, unsettled.length)];
        if (kind === 'deliver') channel.deliver();
        else if (kind === 'flush') batcher.flush();
        else if (tag !== undefined && kind === 'ack') {
          ackedByUser.add(tag);
          batcher.ack(tag);
        } else if (tag !== undefined) {
          channel.nack(tag);
          batcher.settledOtherwise(tag);
        }
        expect([...channel.acked].filter((acked) => !ackedByUser.has(acked))).toEqual([]);
      }
      batcher.flush();
      expect(channel.acked).toEqual(ackedByUser);
      expect(batcher.waiting).toBe(0);
      expect(channel.frames.length).toBeLessThanOrEqual(ackedByUser.size);
    }),
    { numRuns: 300 },
  );
});
