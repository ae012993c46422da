import type { Channel } from 'amqplib';
import { keepUntraced } from '../../../../src/amqp/connect/untraced';

type Call = readonly [string, ...unknown[]];

/** Wraps a method as shimmer does. */
function wrap(prototype: object, name: string, calls: Call[]): void {
  const original: unknown = Reflect.get(prototype, name);
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    calls.push(['traced', name]);
    return (original as (...all: unknown[]) => unknown).apply(this, args);
  };
  Object.defineProperty(prototype, name, {
    value: Object.assign(wrapped, { __original: original }),
    configurable: true,
  });
}

/** Classes of the shape of amqplib's. */
function channels() {
  const calls: Call[] = [];
  class Base {
    pushConfirmCallback(onConfirm: unknown): void {
      calls.push(['confirm', onConfirm]);
    }
  }
  class Plain extends Base {
    publish(...args: unknown[]): string {
      calls.push(['publish', ...args]);
      return 'published';
    }
    consume(...args: unknown[]): void {
      calls.push(['consume', ...args]);
    }
    ack(): void {
      calls.push(['ack']);
    }
  }
  class Confirm extends Plain {
    override publish(...args: unknown[]): string {
      const [exchange, key, content, options, onConfirm] = args;
      const result = super.publish(exchange, key, content, options);
      this.pushConfirmCallback(onConfirm);
      return result;
    }
  }
  const instrument = (): void => {
    for (const name of ['publish', 'consume', 'ack']) wrap(Plain.prototype, name, calls);
    wrap(Confirm.prototype, 'publish', calls);
  };
  return { calls, Plain, Confirm, instrument };
}

const use = (channel: { publish(...args: unknown[]): unknown; consume(...args: unknown[]): void; ack(): void }) => {
  channel.consume('q');
  channel.ack();
  return channel.publish('x', 'k', 'body', {}, 'onConfirm');
};

describe.each([
  ['before', (instrument: () => void, keep: () => void) => [instrument, keep]],
  ['twice before', (instrument: () => void, keep: () => void) => [instrument, instrument, keep]],
  ['after', (instrument: () => void, keep: () => void) => [keep, instrument]],
])('a channel that an instrumentation wraps %s', (_when, order) => {
  it('publishes with confirms, consumes and acknowledges as if nobody had', () => {
    const { calls, Confirm, instrument } = channels();
    const channel = new Confirm();
    for (const step of order(instrument, () => keepUntraced(channel as unknown as Channel))) step();
    expect(use(channel)).toBe('published');
    expect(calls).toEqual([['consume', 'q'], ['ack'], ['publish', 'x', 'k', 'body', {}], ['confirm', 'onConfirm']]);
  });

  it('publishes without confirms as if nobody had', () => {
    const { calls, Plain, instrument } = channels();
    const channel = new Plain();
    for (const step of order(instrument, () => keepUntraced(channel as unknown as Channel))) step();
    use(channel);
    expect(calls).toEqual([['consume', 'q'], ['ack'], ['publish', 'x', 'k', 'body', {}, 'onConfirm']]);
  });

  it('leaves other channels of the process to it', () => {
    const { calls, Confirm, instrument } = channels();
    for (const step of order(instrument, () => keepUntraced(new Confirm() as unknown as Channel))) step();
    use(new Confirm());
    expect(calls).toContainEqual(['traced', 'publish']);
    expect(calls).toContainEqual(['traced', 'consume']);
  });
});

it('is content with a channel that has no such methods', () => {
  expect(() => keepUntraced({} as Channel)).not.toThrow();
});
