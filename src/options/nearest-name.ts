/**
 * The candidate that a mistyped name most likely means, or `undefined` where none is near. Letter case does not count,
 * and a name that is part of a candidate is near: `attempts` means `maxAttempts`.
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = distanceBetween(wanted, candidate.toLowerCase());
    if (distance >= least) continue;
    nearest = candidate;
    least = distance;
  }
  return nearest;
}

/** Infinite where two names have too little in common to be meant for each other. */
function distanceBetween(a: string, b: string): number {
  const longer = Math.max(a.length, b.length);
  // Names come from people's options; the cap keeps a hostile key from costing a quadratic table.
  if (longer > 100) return Number.POSITIVE_INFINITY;
  const edits = editDistance(a, b);
  if (edits <= Math.max(1, Math.floor(longer / 3))) return edits;
  return Math.min(a.length, b.length) >= 4 && (a.includes(b) || b.includes(a)) ? edits : Number.POSITIVE_INFINITY;
}

/** Levenshtein's distance, one row at a time, where two neighbours that changed places are one edit: `dealy` means `delay`. */
function editDistance(a: string, b: string): number {
  let beforeThat: readonly number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substituted = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const edited = Math.min(substituted, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(isSwapped ? Math.min(edited, (beforeThat[column - 2] ?? 0) + 1) : edited);
    }
    beforeThat = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
