import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { findBreaks, ROOMS } from './house-rules';
import { readSource, type SourceFile } from './source-file';

const SRC = join(__dirname, '../../../src');

function readHouse(): readonly SourceFile[] {
  const paths = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return paths.map((path) => readSource(path.split(sep).join('/'), readFileSync(join(SRC, path), 'utf8')));
}

it('every file of src keeps to the rules of the house', () => {
  const house = readHouse();
  expect(house.length).toBeGreaterThan(100);
  expect(findBreaks(house)).toEqual([]);
});

it('no room may import from a level above its own', () => {
  const upwards = Object.entries(ROOMS).flatMap(([name, { level, imports, typesOf = [] }]) =>
    [...imports, ...typesOf]
      .filter((other) => (ROOMS[other]?.level ?? Number.NaN) > level)
      .map((other) => `${name} -> ${other}`),
  );
  expect(upwards).toEqual([]);
});

// The rules themselves: what they must find.
describe('finds', () => {
  it.each<[string, string, string, string[]]>([
    [
      'a room that nobody planned',
      'utils/strings.ts',
      '',
      ['utils/strings.ts:1 stands in a room that the house does not have: "utils"'],
    ],
    [
      'a switch over kinds that forgets those to come',
      'worker/a.ts',
      'switch (outcome.kind) {\n  case 1:\n    break;\n}\nassertNever(outcome);',
      ['worker/a.ts:1 switches over kinds without assertNever'],
    ],
    [
      'an import from above',
      'task/names.ts',
      "\nimport { plan } from '../topology/plan';",
      ['task/names.ts:2 task/ may not import topology/'],
    ],
    [
      'an import of types from above',
      'message/wire.ts',
      "import type { Plan } from '../topology/plan';",
      ['message/wire.ts:1 message/ may not import topology/'],
    ],
    [
      'an import beside',
      'worker/worker.ts',
      "import { x } from '../client/task-client';",
      ['worker/worker.ts:1 worker/ may not import client/'],
    ],
    [
      'who enters the fast path',
      'amqp/consume/a.ts',
      "import { b } from '../fast-path/publish-frames';",
      ['amqp/consume/a.ts:1 may not enter amqp/fast-path/'],
    ],
    [
      'a folder that imports its neighbour',
      'schedule/state/a.ts',
      "import { b } from '../lead/leadership';",
      ['schedule/state/a.ts:1 state/ may not import lead/'],
    ],
    [
      'a folder that imports what stands above it',
      'amqp/connect/a.ts',
      "import { b } from '../amqp-broker';",
      ['amqp/connect/a.ts:1 connect/ may not import amqp/amqp-broker'],
    ],
    [
      'a folder that nobody planned',
      'amqp/misc/a.ts',
      "import { b } from '../connect/channels';",
      ['amqp/misc/a.ts:1 stands in a folder that amqp/ does not have: "misc"'],
    ],
    [
      'an import over several lines',
      'errors/a.ts',
      "import {\n  type A,\n  b,\n} from '../task/names';",
      ['errors/a.ts:1 errors/ may not import task/'],
    ],
    [
      'an export from above',
      'errors/a.ts',
      "export { b } from '../task/names';",
      ['errors/a.ts:1 errors/ may not import task/'],
    ],
    [
      'an inline import',
      'errors/a.ts',
      "let a: import('../task/names').A;",
      ['errors/a.ts:1 errors/ may not import task/'],
    ],
    [
      'an import from a nested folder',
      'message/payload/a.ts',
      "import { b } from '../../retry/backoff';",
      ['message/payload/a.ts:1 message/ may not import retry/'],
    ],
    ['an import of the entry', 'app/a.ts', "import { b } from '../index';", ['app/a.ts:1 app/ may not import index/']],
    [
      'values where types are allowed',
      'events/a.ts',
      "import { type A, b } from '../broker/broker';",
      ['events/a.ts:1 events/ may import only types of broker/'],
    ],
    [
      'amqplib',
      'worker/a.ts',
      "import { connect } from 'amqplib';",
      ['worker/a.ts:1 worker/ may not import the package "amqplib"'],
    ],
    [
      'class-validator',
      'decorators/a.ts',
      "import 'class-validator';",
      ['decorators/a.ts:1 decorators/ may not import the package "class-validator"'],
    ],
    [
      'parts of class-transformer',
      'app/a.ts',
      "const a = require('class-transformer/cjs/storage');",
      ['app/a.ts:1 app/ may not import the package "class-transformer/cjs/storage"'],
    ],
    [
      'reflect-metadata',
      'message/a.ts',
      "import 'reflect-metadata';",
      ['message/a.ts:1 message/ may not import the package "reflect-metadata"'],
    ],
    [
      'a package that nobody planned',
      'amqp/a.ts',
      "import x from 'lodash';",
      ['amqp/a.ts:1 nobody may import the package "lodash"'],
    ],
    [
      'input and output in a pure room',
      'topology/a.ts',
      "import { readFileSync } from 'node:fs';",
      ['topology/a.ts:1 topology/ may not import the package "node:fs"'],
    ],
    ['the environment', 'amqp/a.ts', 'const url = process.env.AMQP_URL;', ['amqp/a.ts:1 reads process.env']],
    ['waiting', 'retry/a.ts', 'async () => 1;', ['retry/a.ts:1 waits (async, await, promises)']],
    ['a promise', 'decorators/a.ts', 'Promise.resolve();', ['decorators/a.ts:1 waits (async, await, promises)']],
    ['a timer', 'message/payload/a.ts', 'setTimeout(f, 5);', ['message/payload/a.ts:1 sets a timer']],
    [
      'the clock',
      'topology/a.ts',
      '/* a\n comment */ Date.now();\nnew Date( );',
      ['topology/a.ts:2 looks at the clock', 'topology/a.ts:3 looks at the clock'],
    ],
    ['dice', 'time/system-clock.ts', 'Math.random();', ['time/system-clock.ts:1 throws dice']],
    ['a default export', 'app/a.ts', 'export default class {}', ['app/a.ts:1 has a default export']],
    ['console', 'app/a.ts', 'console.log(1);', ['app/a.ts:1 prints with console']],
    ['a file that is too long', 'app/a.ts', 'x;\n'.repeat(401), ['app/a.ts:401 is longer than 400 lines']],
    ['a circle of one', 'app/a.ts', "import { a } from './a';", ['app/a.ts:1 imports itself: app/a.ts -> app/a.ts']],
  ])('%s', (_label, path, text, breaks) => {
    expect(findBreaks([readSource(path, text)])).toEqual(breaks);
  });

  it('a circle of files, types included', () => {
    const files = [
      readSource('task/a.ts', "import { b } from './b';"),
      readSource('task/b.ts', "import { b } from './sub/c';"),
      readSource('task/sub/c.ts', "import type { A } from '../a';"),
      readSource('task/d.ts', "import { a } from './a';"),
    ];
    expect(findBreaks(files)).toEqual([
      'task/a.ts:1 imports itself: task/a.ts -> task/b.ts -> task/sub/c.ts -> task/a.ts',
    ]);
  });
});

describe('leaves alone', () => {
  it.each<[string, string, string]>([
    [
      'imports from below and from its own room',
      'worker/a.ts',
      "import { b } from './b';\nimport type { C } from '../task/context';",
    ],
    [
      'types where types are allowed',
      'broker/a.ts',
      "import type { T } from '../topology/topology';\nimport { type A, type B } from '../message/wire';",
    ],
    ['comments', 'task/a.ts', "// await Date.now()\n/** @example\n * import x from 'amqplib';\n * process.env.X\n */"],
    ['quoted words', 'task/a.ts', 'const a = \'do not await process.env\';\nconst b = "Math.random()";'],
    ['dates that are computed', 'message/a.ts', 'new Date(now);'],
    ['waiting in payload validation', 'message/payload/a.ts', 'await validate();'],
    ['the clocks', 'time/manual-clock.ts', 'await new Promise((resolve) => setImmediate(resolve));'],
    ['four hundred lines', 'app/a.ts', 'x;\n'.repeat(400)],
  ])('%s', (_label, path, text) => {
    expect(findBreaks([readSource(path, text)])).toEqual([]);
  });
});
