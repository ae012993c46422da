import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DefaultTheme } from 'vitepress';
import { withMermaid } from 'vitepress-plugin-mermaid';

/**
 * The site is made of the same Markdown files that people read in the repository; nothing is written twice. The sidebar
 * is the list of docs/README.md. Links to files that are no pages, such as an example's source, lead to copies of them.
 */
const SITE = dirname(dirname(fileURLToPath(import.meta.url)));
const ROOT = resolve(SITE, '../..');
const OUT = join(ROOT, '.build/site');

const linkedFiles = new Set<string>();

// biome-ignore lint/style/noDefaultExport: it is what VitePress loads
export default withMermaid({
  title: 'Warren',
  description: 'Background tasks on RabbitMQ for TypeScript services',
  srcDir: ROOT,
  srcExclude: ['src/**', 'test/**', 'dist/**', 'scripts/**', 'rabbitmq/**', '.build/**', 'docs/site/**', '.*/**'],
  rewrites: { 'README.md': 'index.md' },
  outDir: OUT,
  cacheDir: join(ROOT, '.build/site-cache'),
  ignoreDeadLinks: 'localhostLinks',
  lastUpdated: false,
  metaChunk: true,
  markdown: {
    anchor: { slugify: anchorOf },
    config(markdown) {
      markdown.core.ruler.push('linked-files', (state) => {
        const { relativePath } = state.env as { relativePath: string };
        for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
          const target = token.type === 'link_open' ? token.attrGet('href') : null;
          if (target === null) continue;
          remember(relativePath, target);
          if (resolve(ROOT, dirname(relativePath), target) === join(ROOT, 'README.md')) token.attrSet('href', '/');
        }
      });
    },
  },
  vite: {
    plugins: [{ name: 'vue-beside-this-file', enforce: 'pre', resolveId: externalVue }],
    build: { chunkSizeWarningLimit: 2_000 },
  },
  themeConfig: {
    nav: sections().map(({ text, items }) => ({ text, link: items?.[0]?.link ?? '/' })),
    sidebar: sections(),
    outline: [2, 3],
    search: { provider: 'local' },
  },
  buildEnd() {
    for (const file of linkedFiles) {
      const copy = join(OUT, file);
      mkdirSync(dirname(copy), { recursive: true });
      cpSync(join(ROOT, file), copy);
    }
  },
});

/** A heading's anchor as GitHub makes it, so that links work in the repository and on the site. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Pages lie above this folder, where Vue cannot be found; the built pages are rendered from inside it, where it can. */
function externalVue(id: string, _importer: string | undefined, { ssr }: { ssr?: boolean }) {
  return ssr === true && /^vue(\/server-renderer)?$/.test(id) ? { id, external: true } : undefined;
}

function remember(page: string, target: string): void {
  if (/^([a-z]+:|#)/.test(target)) return;
  const file = resolve(ROOT, dirname(page), target.split('#')[0] ?? '');
  if (!file.startsWith(ROOT) || file.endsWith('.md') || !existsSync(file) || !statSync(file).isFile()) return;
  linkedFiles.add(relative(ROOT, file));
}

/** The lists of docs/README.md: a line in bold begins a section, and its links are the pages. */
function sections(): DefaultTheme.SidebarItem[] {
  const found: { text: string; collapsed?: boolean; items: { text: string; link: string }[] }[] = [];
  for (const line of readFileSync(join(ROOT, 'docs/README.md'), 'utf8').split('\n')) {
    const section = /^\*\*(.+?)\*\*/.exec(line)?.[1];
    if (section !== undefined) found.push({ text: section, items: [] });
    for (const [, text = '', target = ''] of line.matchAll(/\[([^\]]+)\]\(([^)]+\.md)\)/g)) {
      found.at(-1)?.items.push({ text, link: linkOf(target) });
    }
  }
  return found;
}

function linkOf(target: string): string {
  const page = relative(ROOT, resolve(ROOT, 'docs', target));
  return page === 'README.md' ? '/' : `/${page.replace(/\.md$/, '')}`;
}
