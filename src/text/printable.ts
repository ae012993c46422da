/**
 * What a terminal obeys, or what a reader cannot see: controls (C0, DEL, C1), formats (bidirectional, zero-width, tags), line
 * and paragraph separators, lone surrogates, and everything that is drawn as nothing.
 */
const HIDDEN = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]`;
/** An emoji holds its parts together with characters that are hidden elsewhere. */
const EMOJI_PART = String.raw`\p{Extended_Pictographic}\p{Emoji_Modifier}?\uFE0F?`;
const EMOJI = String.raw`${EMOJI_PART}(?:\u200D${EMOJI_PART})*`;
/** Colours and styles, as `util.styleText` writes them. */
const STYLE = String.raw`\u001b\[\d{1,3}(?:;\d{1,3}){0,4}m`;

const HIDDEN_OR_EMOJI = new RegExp(`${EMOJI}|${HIDDEN}`, 'gu');
const HIDDEN_OR_STYLE = new RegExp(`${STYLE}|${EMOJI}|${HIDDEN}`, 'gu');
const IS_HIDDEN = new RegExp(`^${HIDDEN}$`, 'u');
const PLAIN = /^[ -~]*$/;

/**
 * A text of one line for people: line breaks and tabs become spaces, and whatever is hidden is spelled out, `\u{202e}`. For everything
 * that comes from messages, brokers and errors, wherever a person reads it.
 */
export function printable(text: string): string {
  return spelledOut(text.replaceAll(/[\n\r\t]+/g, ' '), HIDDEN_OR_EMOJI, codePoint);
}

/** A name, in which a line break counts as much as any other character: it is spelled out, too. */
export function printableName(name: string): string {
  return spelledOut(name, HIDDEN_OR_EMOJI, codePoint);
}

/** As `printable`, but a text of several lines keeps them. */
export function printableLines(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => printable(line.replaceAll('\t', '  ')))
    .join('\n');
}

/** What is written in the end: it has lines, and may have colours. The last net under writers that forget `printable`. */
export function printableStyled(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => spelledOut(line.replaceAll('\t', '  '), HIDDEN_OR_STYLE, codePoint))
    .join('\n');
}

/** JSON that a terminal may show, and that is parsed to the same: what is hidden is escaped. */
export function printableJson(json: string): string {
  return json.split('\n').map(escapedLine).join('\n');
}

/** One line of a log, which may hold JSON: whatever is hidden, line breaks included, is escaped as JSON does. */
export function escapedLine(text: string): string {
  return spelledOut(text, HIDDEN_OR_EMOJI, jsonEscape);
}

function spelledOut(text: string, found: RegExp, spell: (char: string) => string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll(found, (part) => (IS_HIDDEN.test(part) ? spell(part) : part));
}

const codePoint = (char: string): string => `\\u{${char.codePointAt(0)?.toString(16)}}`;

/** By UTF-16 units, of which JSON's escapes have one each. */
const jsonEscape = (char: string): string =>
  Array.from({ length: char.length }, (_, index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`).join(
    '',
  );
