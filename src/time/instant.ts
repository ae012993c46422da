/** The largest instant of a `Date`, in milliseconds since 1970 (ECMAScript, 21.4.1.1). */
export const MAX_INSTANT = 8.64e15;
