/** The middle of some values, and the outermost. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @param values - at least one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const around = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return {
    median: around.reduce((sum, value) => sum + value, 0) / around.length,
    min: sorted.at(0) ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  };
}

/** How one compares with another: the quotient of the medians, and the spread of the quotients round by round. */
export function ratioOf(values: readonly number[], others: readonly number[]): Spread {
  const quotients = values.flatMap((value, round) => {
    const other = others[round];
    return other === undefined ? [] : [value / other];
  });
  return { ...spreadOf(quotients), median: spreadOf(values).median / spreadOf(others).median };
}

/** The smallest value that at least that share of all does not exceed (nearest rank). @param sorted - at least one. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}
