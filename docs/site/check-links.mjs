// Follows every link of the built site. Fails with the page and the link. Anchors are those of the repository's pages, which
// scripts/check-docs.mjs follows.
import { fileURLToPath } from 'node:url';
import { LinkChecker } from 'linkinator';

const site = fileURLToPath(new URL('../../.build/site', import.meta.url));
const broken = [];
const checker = new LinkChecker();
checker.on('link', ({ state, url, parent, status }) => {
  if (state === 'BROKEN') broken.push(`${parent ?? '(start)'}: ${url} (${status})`);
});
const { links } = await checker.check({
  path: 'index.html',
  serverRoot: site,
  recurse: true,
  // Other sites are theirs.
  linksToSkip: ['^https?://(?!localhost|127\\.0\\.0\\.1)'],
});
if (broken.length > 0) {
  process.stderr.write(`${broken.join('\n')}\n`);
  process.exit(1);
}
process.stdout.write(`site: ${links.length} links lead somewhere.\n`);
