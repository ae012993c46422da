/** A number with its noun: `1 dead letter`, `2 dead letters`. */
export const amountOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
