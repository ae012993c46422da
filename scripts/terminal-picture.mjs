// Draws what a program has printed as a picture of a terminal: node program.js | node scripts/terminal-picture.mjs LINES > picture.svg
// docs/pictures/quickstart.svg is made so, of `node .build/examples/quickstart/main.js` and its first 32 lines.
import { text } from 'node:stream/consumers';

const ROW = 19;
const COLUMN = 8.43;
const MARGIN = 20;
const COLOURS = [
  [/^ {2}\s*[\d.]+ s {2}(done|replayed|repaired|stopped)/, '#8ddb8c'],
  [/^ {2}\s*[\d.]+ s {2}(failed|refused)/, '#f69d50'],
  [/^ {2}\s*[\d.]+ s {2}dead letter/, '#f47067'],
  [/^\S/, '#6cb6ff'],
];

const count = Number(process.argv[2] ?? 24);
const lines = (await text(process.stdin)).replace(/^\n+/, '').split('\n').slice(0, count);
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * COLUMN + 2 * MARGIN);
const height = lines.length * ROW + 2 * MARGIN;

process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">What a program printed on a terminal</title>
<rect width="100%" height="100%" rx="8" fill="#22272e"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#adbac7" xml:space="preserve">
${lines.map(row).join('\n')}
</g>
</svg>
`);

function row(line, index) {
  const colour = COLOURS.find(([pattern]) => pattern.test(line))?.[1];
  const fill = colour === undefined ? '' : ` fill="${colour}"`;
  return `<text x="${MARGIN}" y="${Math.round(MARGIN + (index + 0.8) * ROW)}"${fill}>${escaped(line)}</text>`;
}

function escaped(line) {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
