import { parseTraceparent } from '../../../src/telemetry/traces/traceparent';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

it.each([
  [`00-${TRACE}-${SPAN}-01`, 1],
  [`00-${TRACE}-${SPAN}-00`, 0],
  [`00-${TRACE}-${SPAN}-03`, 1],
  [`cc-${TRACE}-${SPAN}-01-what-a-later-version-adds`, 1],
])('reads %s', (header, traceFlags) => {
  expect(parseTraceparent(header)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true });
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
