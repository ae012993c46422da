import { parseTraceparent, traceIdOf } from '../../../src/message/trace-context';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

it.each([
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`00-${TRACE}-${SPAN}-03`, true],
  [`cc-${TRACE}-${SPAN}-01-what-a-later-version-adds`, true],
])('reads %s', (header, isSampled) => {
  expect(parseTraceparent(header)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled });
  expect(traceIdOf({ traceparent: header })).toBe(TRACE);
});

it.each([
  ['', 'nothing'],
  [`ff-${TRACE}-${SPAN}-01`, 'the version that is none'],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, 'an empty trace'],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, 'an empty span'],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, 'capitals'],
  [`00-${TRACE}-${SPAN}`, 'too little'],
  [`00-${TRACE}-${SPAN}-01x`, 'too much'],
])('refuses %p: %s', (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

it('finds no trace where there is none', () => {
  expect(traceIdOf(undefined)).toBeUndefined();
  expect(traceIdOf({})).toBeUndefined();
  expect(traceIdOf({ traceparent: 7 })).toBeUndefined();
});
