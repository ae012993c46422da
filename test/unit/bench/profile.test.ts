import { areaOf, summarise } from '../../../bench/profile/profile';

const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });

describe('the area of a function', () => {
  it.each([
    ['(garbage collector)', '', 'garbage collection'],
    ['writeBuffer', '', 'socket writes'],
    ['parseFrame', 'file:///x/node_modules/amqplib/lib/frame.js', 'amqplib'],
    ['isString', '/x/node_modules/@scope/name/index.js', '@scope/name'],
    ['settle', '/x/dist/worker/settler.js', 'Warren: worker'],
    ['main', '/x/.build/bench/jobs/process.js', 'the benchmark'],
    ['slice', 'node:buffer', 'Node: buffer'],
    ['insert', 'node:internal/timers', 'Node: timers'],
    ['readPackage', 'node:fs', 'Node: other'],
    ['utf8Slice', '', 'V8 and native code'],
  ])('%s of %j is %s', (functionName, url, area) => {
    expect(areaOf(frame(functionName, url))).toBe(area);
  });
});

describe('the summary of a profile', () => {
  it('sums up self time without the time of waiting, most first', () => {
    const summary = summarise({
      nodes: [
        { id: 1, callFrame: frame('(idle)') },
        { id: 2, callFrame: frame('ack', '/x/dist/amqp/ack-batcher.js', 9) },
        { id: 3, callFrame: frame('', 'node:buffer') },
      ],
      samples: [1, 2, 3, 2, 99],
      timeDeltas: [9_000, 2_000, 3_000, 4_000, 1_000],
    });
    expect(summary).toEqual({
      busyMillis: 9,
      areas: [
        { what: 'Warren: amqp', millis: 6 },
        { what: 'Node: buffer', millis: 3 },
      ],
      functions: [
        { what: 'ack amqp/ack-batcher.js:10', millis: 6 },
        { what: '(anonymous) node:buffer:1', millis: 3 },
      ],
    });
  });
});
