import { truncateBytes } from '../../errors/describe-thrown';

/** The path of the payload itself. */
export const ROOT_PATH = '(payload)';

const MAX_KEY_BYTES = 60;
const PLAIN_KEY = /^[A-Za-z_$][\w$]{0,59}$/;
const INDEX = /^\d{1,10}$/;
/** Control and format characters (escape codes, line separators, text direction): keys are the sender's and end in logs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The path of a key or an array index below another path: `items[2].sku`, `meta["a b"]`. */
export function childPath(parent: string, key: string | number): string {
  const base = parent === ROOT_PATH ? '' : parent;
  if (typeof key === 'number' || INDEX.test(key)) return `${base}[${key}]`;
  if (!PLAIN_KEY.test(key)) return `${base}[${quoted(key)}]`;
  return base === '' ? key : `${base}.${key}`;
}

/** A text of the sender's, quoted, cut and without anything that a terminal or a log would obey. */
export function quoted(text: string): string {
  return JSON.stringify(truncateBytes(text, MAX_KEY_BYTES)).replace(
    UNPRINTABLE,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** Where a value is in the payload. Put into words only when the value is wrong. */
export interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
  readonly depth: number;
}

export const ROOT: Place = Object.freeze({ parent: undefined, key: '', depth: 1 });

export function below(parent: Place, key: string | number): Place {
  return { parent, key, depth: parent.depth + 1 };
}

export function pathOf(place: Place): string {
  return place.parent === undefined ? ROOT_PATH : childPath(pathOf(place.parent), place.key);
}
