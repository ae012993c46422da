import { Readable } from 'node:stream';
import { openPayloadSource, type SourcedPayload } from '../../../src/cli/payload-source';
import { UsageError } from '../../../src/cli/usage-error';

const nothing = Readable.from([]);

it('refuses a payload whose whole number would be rounded, without showing it', () => {
  const open = (): unknown => openPayloadSource('{"card":9007199254740993}', nothing);
  expect(open).toThrow(UsageError);
  expect(open).toThrow('the payload has a whole number above 2^53, which JavaScript would round: give it as a text');
});

it('sends numbers that JavaScript holds', () => {
  expect(openPayloadSource('{"n":9007199254740992}', nothing)).toEqual({ kind: 'one', payload: { n: 2 ** 53 } });
});

it('says so of a line, and goes on with the next one', async () => {
  const source = openPayloadSource('-', Readable.from(['{"n":9007199254740993}\n{"n":1}\n{n}\n']));
  const lines: SourcedPayload[] = [];
  if (source.kind === 'lines') for await (const line of source.lines) lines.push(line);
  expect(lines).toEqual([
    { ok: false, line: 1, problem: expect.stringContaining('which JavaScript would round') as string },
    { ok: true, line: 2, payload: { n: 1 } },
    { ok: false, line: 3, problem: 'not valid JSON' },
  ]);
});
