import { isUtf8 } from 'node:buffer';

/**
 * JSON as text, for what is shown, stored or edited: a parsed value is not the same again. JavaScript rounds whole
 * numbers above 2^53, drops the digits of `1.0`, and keeps one of two equal keys.
 */

/** A byte order mark, which the codec reads past and `JSON.parse` refuses. */
const MARK = '\ufeff';

/** The text of a body that is JSON in UTF-8, without a byte order mark, else `undefined`. */
export function jsonText(body: Buffer): string | undefined {
  if (!isUtf8(body)) return undefined;
  const text = withoutMark(body.toString('utf8'));
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

/** The value of a body that is JSON in UTF-8, else `undefined`. */
export function parsedJson(body: Buffer): unknown {
  if (!isUtf8(body)) return undefined;
  try {
    return JSON.parse(withoutMark(body.toString('utf8'))) as unknown;
  } catch {
    return undefined;
  }
}

const withoutMark = (text: string): string => (text.startsWith(MARK) ? text.slice(MARK.length) : text);

/** The byte order mark that a body begins with, or nothing. */
export const markOf = (body: Buffer): string => (body.toString('utf8', 0, 3) === MARK ? MARK : '');

/** The same JSON with the largest numbers of JavaScript where numbers are beyond them, such as `1e400`. */
export function withinRange(json: string): string {
  const changes = tokensOf(json).filter(({ text }) => /^-?\d/.test(text) && !Number.isFinite(Number(text)));
  return changes.reduceRight(
    (text, { start, end }) =>
      `${text.slice(0, start)}${Math.sign(Number(json.slice(start, end))) * Number.MAX_VALUE}${text.slice(end)}`,
    json,
  );
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The tokens of a text that is JSON: strings, numbers and words, and punctuation. */
function tokensOf(json: string): readonly Token[] {
  const matches = json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/gs);
  return Array.from(matches, ({ 0: text, index }) => ({ text, start: index, end: index + text.length }));
}

/** Whether a whole number of it is another one once JavaScript has read it: above 2^53, most are rounded. */
export const hasRoundedInteger = (json: string): boolean =>
  tokensOf(json).some(({ text }) => /^-?\d+$/.test(text) && isRounded(text, Number(text)));

const isRounded = (text: string, read: number): boolean => !Number.isFinite(read) || BigInt(text) !== BigInt(read);

/** The same JSON on one line. Every number, string and key is as it was. */
export function compactJson(json: string): string {
  return tokensOf(json)
    .map(({ text }) => text)
    .join('');
}

/** The same JSON with a line for each value, as `JSON.stringify` indents it. Every number, string and key is as it was. */
export function prettyJson(json: string, indent = '  '): string {
  const parts: string[] = [];
  let depth = 0;
  let before = '';
  const newLine = (): string => `\n${indent.repeat(depth)}`;
  for (const { text } of tokensOf(json)) {
    const closes = text === '}' || text === ']';
    if (closes) depth--;
    const isEmpty = closes && (before === '{' || before === '[');
    if (!isEmpty && (closes || before === '{' || before === '[' || before === ',')) parts.push(newLine());
    parts.push(text === ':' ? ': ' : text);
    if (text === '{' || text === '[') depth++;
    before = text;
  }
  return parts.join('');
}

/**
 * An edited text of the same JSON, put into the original: what was not changed is byte for byte the original,
 * white space included.
 * @param original - JSON.
 * @param edited - JSON too.
 */
export function mergeJson(original: string, edited: string): string {
  const [from, to] = [tokensOf(original), tokensOf(edited)];
  const pairs = sameTokens(from, to);
  let merged = '';
  let [i, j] = [0, 0];
  const gapBefore = (index: number): string => original.slice(from[index - 1]?.end ?? 0, from[index]?.start);
  for (const [nextI, nextJ] of [...pairs, [from.length, to.length] as const]) {
    const added = to.slice(j, nextJ);
    // What takes the place of something keeps the white space before it.
    if (added.length > 0 && i < nextI) merged += gapBefore(i);
    merged += added.map(({ text }) => text).join('');
    if (nextI < from.length) merged += gapBefore(nextI) + (from[nextI]?.text ?? '');
    [i, j] = [nextI + 1, nextJ + 1];
  }
  return merged + original.slice(from.at(-1)?.end ?? 0);
}

/** Above this, what is between the first and the last change counts as changed. */
const MAX_TABLE = 4_000_000;

/** The longest common sequence of two lists of tokens, as pairs of positions. */
function sameTokens(from: readonly Token[], to: readonly Token[]): readonly (readonly [number, number])[] {
  const shorter = Math.min(from.length, to.length);
  let head = 0;
  while (head < shorter && from[head]?.text === to[head]?.text) head++;
  let tail = 0;
  while (tail < shorter - head && from.at(-1 - tail)?.text === to.at(-1 - tail)?.text) tail++;
  const pairs: (readonly [number, number])[] = [];
  for (let index = 0; index < head; index++) pairs.push([index, index]);
  const middle = longestCommon(from.slice(head, from.length - tail), to.slice(head, to.length - tail));
  for (const [i, j] of middle) pairs.push([head + i, head + j]);
  for (let index = tail; index > 0; index--) pairs.push([from.length - index, to.length - index]);
  return pairs;
}

function longestCommon(from: readonly Token[], to: readonly Token[]): readonly (readonly [number, number])[] {
  const width = to.length + 1;
  if ((from.length + 1) * width > MAX_TABLE) return [];
  const lengths = new Uint32Array((from.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      const same = from[i]?.text === to[j]?.text;
      lengths[i * width + j] = same ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < from.length && j < to.length; ) {
    if (from[i]?.text === to[j]?.text) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

/** JSON within a value that `stringifyRaw` writes as it is. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** As `JSON.stringify`, with every `RawJson` token by token as it is. */
export function stringifyRaw(value: unknown, indent = ''): string {
  const mark = absentMark(JSON.stringify(value));
  const raw: string[] = [];
  const json = JSON.stringify(
    value,
    (_key, item: unknown) => (item instanceof RawJson ? `${mark}${raw.push(item.text) - 1}` : item),
    indent,
  );
  return json.replace(new RegExp(`"${mark}([0-9]+)"`, 'g'), (_match, index: string, offset: number) => {
    const text = raw[Number(index)] ?? 'null';
    if (indent === '') return compactJson(text);
    const [margin = ''] = /^ */.exec(json.slice(json.lastIndexOf('\n', offset) + 1, offset)) ?? [];
    return prettyJson(text, indent).replaceAll('\n', `\n${margin}`);
  });
}

/** A text that stands nowhere in another one. */
function absentMark(text: string): string {
  let mark = 'raw-';
  while (text.includes(mark)) mark = `raw-${mark}`;
  return mark;
}
