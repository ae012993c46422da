/** A class that can be constructed, with whatever arguments. */
// biome-ignore lint/suspicious/noExplicitAny: a constructor's parameters are contravariant; only `any` accepts every class.
export type ClassType<T = unknown> = abstract new (...args: any[]) => T;
