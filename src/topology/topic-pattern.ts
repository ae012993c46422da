/**
 * Compiles a topic binding's pattern to a test of routing keys, with RabbitMQ's meaning: words are parted by dots, `*` is
 * exactly one word, `#` is any number of words, none included; a word may be empty, and inside a word both are ordinary
 * characters (`a*`). The empty key has no words at all: `#` takes it, `*` does not.
 */
export function compileTopicPattern(pattern: string): (key: string) => boolean {
  const words = splitWords(pattern);
  if (!words.includes('#')) {
    if (!words.includes('*')) return (key) => key === pattern;
    return (key) => matchesWordByWord(words, splitWords(key));
  }
  return (key) => matchesWithGaps(words, splitWords(key));
}

function splitWords(text: string): readonly string[] {
  return text === '' ? [] : text.split('.');
}

function matchesWordByWord(pattern: readonly string[], key: readonly string[]): boolean {
  return pattern.length === key.length && pattern.every((word, i) => word === '*' || word === key[i]);
}

/**
 * Only the last `#` that was met ever has to take more words, since any earlier one could leave them to it. That keeps
 * the time below pattern × key words, where trying every split would double it with each `#`.
 */
function matchesWithGaps(pattern: readonly string[], key: readonly string[]): boolean {
  let at = 0;
  let gap = -1;
  let gapEnd = 0;
  for (let i = 0; i < key.length; ) {
    const word = pattern[at];
    if (word === '#') {
      gap = at++;
      gapEnd = i;
    } else if (word !== undefined && (word === '*' || word === key[i])) {
      at++;
      i++;
    } else if (gap >= 0) {
      at = gap + 1;
      i = ++gapEnd;
    } else {
      return false;
    }
  }
  while (pattern[at] === '#') at++;
  return at === pattern.length;
}
