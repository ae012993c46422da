// See docs/decisions/001-commonjs-build-with-esm-wrappers.md.
// Builds dist/: one copy of the code as CommonJS, and for each package entry a thin ES module that re-exports it.
// One copy, so that a class made by `import` and one made by `require` are the same (docs/decisions/001).
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/package.json');

rmSync(dist, { recursive: true, force: true });
const compiler = join(dirname(tsc), JSON.parse(readFileSync(tsc, 'utf8')).bin.tsc);
const compiled = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
for (const conditions of Object.values(entries)) {
  if (typeof conditions === 'string') continue;
  const cjs = conditions.require.default;
  const target = `./${cjs.split('/').at(-1)}`;
  const esm = join(root, conditions.import.default);
  const names = Object.keys(createRequire(esm)(join(root, cjs))).filter(
    (name) => name !== '__esModule' && name !== 'default',
  );
  // The names are spelled out: what Node guesses from CommonJS text is one more thing that could go wrong.
  writeFileSync(esm, `import api from '${target}';\nexport const { ${names.sort().join(', ')} } = api;\n`);
  writeFileSync(join(root, conditions.import.types), `export * from '${target}';\n`);
}
