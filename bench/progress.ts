const isTerminal = process.stderr.isTTY === true;
const CLEAR_LINE = '\r\u001b[2K';

/** A line that stays. Only results go to standard output. */
export function say(text: string): void {
  process.stderr.write(`${isTerminal ? CLEAR_LINE : ''}${text}\n`);
}

/** A line that the next one takes the place of; only where somebody watches. */
export function sayNow(text: string): void {
  if (isTerminal) process.stderr.write(`${CLEAR_LINE}${text}`);
}
