// Compiles every TypeScript block of README.md and docs/ against the built package, follows every relative link of the
// pages that people read, and looks for every npm script they name. Fails with page:line. Needs dist/ ("npm run build").
//
// A block stands on its own. What it needs and the reader does not can stand before it, unseen: <!-- ts … -->.
// A block that begins with "// name.ts" is that file; blocks of one page import each other by such names, and those of
// one name are one file. A block that cannot compile says why: ```ts no-check: reason.
//
// Blocks are compiled as ES modules. So that they run as CommonJS too, no block declares a name that CommonJS gives each
// file, and none of Nest, whose projects are CommonJS unless somebody changes that, awaits outside of a function.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, '.build/docs');

/** Pages whose code is compiled. */
const CODE_PAGES = ['README.md', ...markdownIn('docs')];
/** Pages whose links are followed, and whose npm scripts are looked for. */
const LINK_PAGES = [
  ...CODE_PAGES,
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'bench/README.md',
  ...markdownIn('examples'),
];

const COMPILER_OPTIONS = {
  target: 'es2022',
  lib: ['es2023'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  moduleDetection: 'force',
  types: ['node', 'jest'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: true,
  noEmit: true,
};

if (!existsSync(join(root, 'dist/index.d.ts'))) fail(['dist/ is missing: run "npm run build" first']);
const pages = CODE_PAGES.map(readBlocks);
const problems = [
  ...pages.flatMap((page) => page.problems),
  ...LINK_PAGES.flatMap(linkProblems),
  ...LINK_PAGES.flatMap(scriptProblems),
  ...pages.flatMap(commonJsProblems),
  ...unlistedPages(),
  ...compile(pages),
];
if (problems.length > 0) fail(problems);
console.log(
  `docs: ${pages.reduce((sum, page) => sum + page.blocks.length, 0)} code blocks compile, links of ${LINK_PAGES.length} pages lead somewhere.`,
);

function markdownIn(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
    .map((file) => join(folder, file))
    .sort();
}

function fail(lines) {
  console.error(lines.join('\n'));
  process.exit(1);
}

/** The TypeScript blocks of a page: where each begins, and its lines with what stands unseen before it. */
function readBlocks(page) {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  const blocks = [];
  const problems = [];
  let unseen = [];
  for (let at = 0; at < lines.length; at++) {
    const end = (mark) => lines.findIndex((line, index) => index > at && line.trim() === mark);
    const fence = /^(\s*)(`{3,})(\S*)\s*(.*)$/.exec(lines[at]);
    if (lines[at].trim() === '<!-- ts') {
      const close = end('-->');
      if (close === -1) return { page, blocks, problems: [`${page}:${at + 1}: "<!-- ts" has no end`] };
      unseen = numbered(lines, at + 1, close);
      at = close;
    } else if (fence !== null) {
      const [, indent, ticks, language, info] = fence;
      const close = end(ticks);
      if (close === -1) return { page, blocks, problems: [`${page}:${at + 1}: the code block has no end`] };
      if (/^(ts|typescript)$/.test(language)) {
        if (info.startsWith('no-check')) {
          if (!/^no-check: \S/.test(info))
            problems.push(`${page}:${at + 1}: "no-check" needs a reason: no-check: reason`);
        } else {
          const code = numbered(lines, at + 1, close, indent.length);
          const name = /^\/\/ ([\w./-]+\.ts)$/.exec(code[0]?.text ?? '')?.[1] ?? `line-${at + 1}.ts`;
          blocks.push({ name, lines: [...unseen, ...code] });
        }
        unseen = [];
      }
      at = close;
    }
  }
  return { page, blocks, problems };
}

function numbered(lines, from, to, indent = 0) {
  return lines.slice(from, to).map((text, index) => ({
    number: from + index,
    text: text.slice(Math.min(indent, text.length - text.trimStart().length)),
  }));
}

/** What a reader in a CommonJS project would stumble over. */
function commonJsProblems({ page, blocks }) {
  return blocks.flatMap(({ lines }) => {
    const isNest = lines.some(({ text }) => text.includes("from '@nestjs/"));
    return lines.flatMap(({ number, text }) => {
      const taken = /^(?:const|let|var|class|function) (module|exports|require|__filename|__dirname)\b/.exec(text)?.[1];
      if (taken !== undefined) return [`${page}:${number + 1}: "${taken}" is declared already in a CommonJS file`];
      return isNest && /^(?:(?:const|let) .* = )?await /.test(text)
        ? [`${page}:${number + 1}: a Nest project is CommonJS, which has no await outside of a function`]
        : [];
    });
  });
}

/** Pages that the list of all pages leaves out. */
function unlistedPages() {
  const list = readFileSync(join(root, 'docs/README.md'), 'utf8');
  return markdownIn('docs')
    .map((file) => relative('docs', file))
    .filter((file) => file !== 'README.md' && !list.includes(`(${file})`))
    .map((file) => `docs/README.md: does not list ${file}`);
}

/** Writes a page's files so that every line stands where it stands in the page, and has them all compiled at once. */
function compile(pages) {
  rmSync(out, { recursive: true, force: true });
  const pageOf = new Map();
  for (const { page, blocks } of pages) {
    for (const name of new Set(blocks.map((block) => block.name))) {
      const file = join(out, page.replace(/\.md$/, ''), name);
      const text = [];
      for (const { number, text: line } of blocks
        .filter((block) => block.name === name)
        .flatMap((block) => block.lines))
        text[number] = line;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Array.from(text, (line) => line ?? '').join('\n'));
      pageOf.set(relative(root, file), page);
    }
  }
  // An ES module project with Warren installed, as the tutorial's is: relative imports need their extension.
  writeFileSync(join(out, 'package.json'), JSON.stringify({ type: 'module' }));
  mkdirSync(join(out, 'node_modules'), { recursive: true });
  symlinkSync(root, join(out, 'node_modules/warren'), 'dir');
  writeFileSync(
    join(out, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['**/*.ts'] }),
  );
  return compilerErrors(pageOf);
}

function compilerErrors(pageOf) {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.tsc);
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', out, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return [];
  return `${stdout}${stderr}`
    .trim()
    .split('\n')
    .map((line) =>
      line.replace(/^(\S+?)\((\d+),(\d+)\)/, (whole, file, row, column) =>
        pageOf.has(file) ? `${pageOf.get(file)}:${row}:${column}` : whole,
      ),
    );
}

/** Relative links of a page that lead nowhere: to no file, or to no heading of the page they name. */
function linkProblems(page) {
  const problems = [];
  for (const [index, line] of proseOf(page).entries()) {
    for (const [, target] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path, anchor] = target.split('#');
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), path);
      const leads =
        existsSync(file) &&
        (anchor === undefined || !file.endsWith('.md') || anchorsOf(relative(root, file)).has(anchor));
      if (!leads) problems.push(`${page}:${index + 1}: the link to ${target} leads nowhere`);
    }
  }
  return problems;
}

/** Scripts that a page tells to run and package.json does not have. */
function scriptProblems(page) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  return lines.flatMap((line, index) =>
    [...line.matchAll(/\bnpm run (?:--silent )?([\w:/-]+)/g)]
      .filter(([, script]) => scripts[script] === undefined)
      .map(([, script]) => `${page}:${index + 1}: package.json has no script "${script}"`),
  );
}

/** Headings as GitHub names them. */
function anchorsOf(page) {
  const headings = proseOf(page).flatMap((line) => /^#+ (.+)$/.exec(line)?.[1] ?? []);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** A page's lines, those inside of code blocks blank. */
function proseOf(page) {
  let ticks;
  return readFileSync(join(root, page), 'utf8')
    .split('\n')
    .map((line) => {
      const fence = /^\s*(`{3,})/.exec(line)?.[1];
      if (fence === undefined) return ticks === undefined ? line : '';
      if (ticks === undefined) ticks = fence;
      else if (line.trim() === ticks) ticks = undefined;
      return '';
    });
}
