import type { MethodShape } from './handler-method';

/** Where texts, comments and templates end; what is in them is no code. */
const SKIPPED: readonly (readonly [start: string, end: string])[] = [
  ['//', '\n'],
  ['/*', '*/'],
  ["'", "'"],
  ['"', '"'],
  ['`', '`'],
];
const OPENING = '([{';
const CLOSING = ')]}';

/**
 * How many parameters a method declares. Its `length` does not say: it ends before the first parameter with a default,
 * and counts no `...rest`, which stands for any number here.
 */
export function parameterCount(method: MethodShape): number {
  const source = codeOf(method);
  const start = startOfParameters(source);
  if (start === undefined) return method.length;
  const parameters = source.slice(start, endOf(source, start));
  if (parameters.trim() === '') return 0;
  const parts = partsOf(parameters);
  return parts.some((part) => part.trim().startsWith('...')) ? Number.POSITIVE_INFINITY : parts.length;
}

/** Whether a method reads its arguments without naming them, as an async method with defaults does once it is compiled for ES2015. */
export function readsArguments(method: MethodShape): boolean {
  return /(?<![.\w$])arguments\b(?!\s*:)/.test(codeOf(method));
}

/** Whether a call only makes a generator, whose body nobody runs. */
export function isGenerator(method: MethodShape): boolean {
  const tag = Object.prototype.toString.call(method);
  return tag === '[object GeneratorFunction]' || tag === '[object AsyncGeneratorFunction]';
}

/** The source without texts and comments: only code is left to look at. */
function codeOf(method: MethodShape): string {
  const source = Function.prototype.toString.call(method);
  if (source.includes('[native code]')) return '';
  let code = '';
  for (let at = 0; at < source.length; ) {
    const skipped = SKIPPED.find(([start]) => source.startsWith(start, at));
    if (skipped === undefined) code += source[at++];
    else {
      at = afterSkipped(source, at, skipped);
      // A text is a value: it must stay one, or `run('x' = 1)` would lose a parameter.
      code += skipped[0].startsWith('/') ? ' ' : '""';
    }
  }
  return code;
}

function afterSkipped(source: string, at: number, [start, end]: readonly [string, string]): number {
  for (let i = at + start.length; i < source.length; i++) {
    if (start.length === 1 && source[i] === '\\') i++;
    else if (source.startsWith(end, i)) return i + end.length;
  }
  return source.length;
}

/** Behind the bracket that opens the parameters: the first one that is not in a computed name. */
function startOfParameters(code: string): number | undefined {
  for (let at = 0; at < code.length; at++) {
    if (code[at] === '(') return at + 1;
    if (code[at] === '[') at = endOf(code, at + 1);
  }
  return undefined;
}

/** Where the bracket closes that opened before `start`. */
function endOf(code: string, start: number): number {
  let depth = 1;
  for (let at = start; at < code.length; at++) {
    if (OPENING.includes(code.charAt(at))) depth++;
    else if (CLOSING.includes(code.charAt(at)) && --depth === 0) return at;
  }
  return code.length;
}

function partsOf(parameters: string): readonly string[] {
  const parts = [''];
  let depth = 0;
  for (const char of parameters) {
    if (OPENING.includes(char)) depth++;
    else if (CLOSING.includes(char)) depth--;
    if (char === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  // A comma may stand behind the last one.
  return parts.filter((part, index) => index === 0 || part.trim() !== '');
}
