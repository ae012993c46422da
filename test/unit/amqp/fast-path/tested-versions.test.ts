import { decideFastPath, installedVersion, TESTED_VERSIONS } from '../../../../src/amqp/fast-path/tested-versions';

it('the installed amqplib is one that the tests pass with', () => {
  expect(TESTED_VERSIONS).toContain(installedVersion());
});

const [tested = ''] = TESTED_VERSIONS;
const switchedOff = 'it is switched off (option fastPath, or WARREN_FAST_PATH)';

it.each([
  [undefined, tested, true, undefined],
  [true, tested, true, undefined],
  [false, tested, false, switchedOff],
  [undefined, '99.0.0', false, `amqplib is 99.0.0, and it was tested with ${TESTED_VERSIONS.join(', ')}`],
  [true, '99.0.0', true, undefined],
  [false, '99.0.0', false, switchedOff],
  [true, undefined, true, undefined],
])('wanted %s with amqplib %s is on: %s', (wanted, version, on, reason) => {
  expect(decideFastPath(wanted, version)).toEqual({ on, reason });
});

it('says what to do where the version cannot be read', () => {
  expect(decideFastPath(undefined, undefined)).toEqual({
    on: false,
    reason: expect.stringMatching(/cannot be read; fastPath: true takes it all the same/),
  });
});
