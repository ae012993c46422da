import { LengthLimit } from '../../../src/memory/length-limit';
import { parseQueueSettings } from '../../../src/memory/queue-settings';
import type { Arguments } from '../../../src/topology/topology';

const limit = (args: Arguments): LengthLimit =>
  new LengthLimit(parseQueueSettings({ name: 'q', arguments: { 'x-overflow': 'reject-publish', ...args } }));
const load = (count: number, bytes = 0) => ({ count, bytes });

describe('a length limit', () => {
  it('is never exceeded in a classic queue', () => {
    const classic = limit({ 'x-max-length': 2, 'x-max-length-bytes': 10 });
    expect([classic.refuses(load(1), 5), classic.refuses(load(2), 5), classic.refuses(load(1, 6), 5)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('is noticed one message too late in a quorum queue, which then refuses until it is down to four fifths', () => {
    const quorum = limit({ 'x-queue-type': 'quorum', 'x-max-length': 5 });
    quorum.grown(load(5));
    expect(quorum.refuses(load(5), 0)).toBe(false);
    quorum.grown(load(6));
    expect(quorum.refuses(load(6), 0)).toBe(true);
    expect(quorum.shrunk(load(5))).toBe(false);
    expect(quorum.refuses(load(5), 0)).toBe(true);
    expect(quorum.shrunk(load(4))).toBe(true);
    expect(quorum.refuses(load(4), 0)).toBe(false);
  });

  it('tells of room only to those who were refused, once', () => {
    const classic = limit({ 'x-max-length': 1 });
    expect(classic.shrunk(load(0))).toBe(false);
    classic.refuses(load(1), 0);
    expect([classic.shrunk(load(0)), classic.shrunk(load(0))]).toEqual([true, false]);
  });

  it('refuses nobody where the oldest message is dropped instead', () => {
    const dropping = limit({ 'x-max-length': 1, 'x-overflow': 'drop-head' });
    expect(dropping.refuses(load(5), 0)).toBe(false);
    expect([dropping.isExceeded(load(1)), dropping.isExceeded(load(2))]).toEqual([false, true]);
  });
});
