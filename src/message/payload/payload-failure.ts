import type { PayloadResult } from './payload-check';
import { ROOT_PATH } from './payload-path';

/** The result for a payload that is wrong as a whole. */
export function failPayload(rule: string, message: string): PayloadResult & { readonly ok: false } {
  return { ok: false, problems: [Object.freeze({ path: ROOT_PATH, rule, message })] };
}

/** What a value is, in words, without the value. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
