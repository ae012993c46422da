import { DURATION_FORMS, parseDuration } from '../time/duration';
import { describeValue } from './describe-value';
import { nearestName } from './nearest-name';

/** Which durations an option takes. */
export interface DurationRange {
  readonly minMs: number;
  readonly maxMs: number;
  /** The range for people: `above 0, at most 8.5 years`. */
  readonly words: string;
}

/**
 * Reads an options object key by key. What is missing, or given as `undefined`, is `undefined`; what is wrong is noted
 * as a problem and is `undefined` too, so that reading goes on and every mistake is reported together.
 */
export class OptionReader {
  readonly #options: Readonly<Record<string, unknown>>;

  /**
   * @param where - who has these options, for people: `EmailTasks.send`.
   * @param problems - where problems are noted.
   * @param prefix - what stands before a key in a message: `rules[0].`.
   */
  constructor(
    options: unknown,
    private readonly where: string,
    private readonly problems: string[],
    private readonly prefix = '',
  ) {
    this.#options = isOptions(options) ? options : {};
    if (options !== undefined && !isOptions(options)) this.refuse('the options', 'an object', options);
  }

  /** Reads an object within these options; `undefined` where it is none. */
  nested(path: string, value: unknown): OptionReader | undefined {
    if (!isOptions(value)) return this.refuse(path, 'an object', value);
    return new OptionReader(value, this.where, this.problems, `${this.path(path)}.`);
  }

  /** Notes a problem, if there is one. */
  note(problem: string | undefined): void {
    if (problem !== undefined) this.problems.push(`${this.where}: ${problem}`);
  }

  /** A key as messages name it: `rules[0].on`. */
  path(key: string): string {
    return `${this.prefix}${key}`;
  }

  /** Notes that a key's value is not what it must be. */
  refuse(key: string, expected: string, value: unknown = this.value(key)): undefined {
    this.note(`${this.path(key)} must be ${expected}, got ${describeValue(value)}`);
    return undefined;
  }

  /** Notes every key that is not among `known`, with the name that was probably meant. */
  refuseUnknown(known: readonly string[], refusedElsewhere: readonly string[] = []): void {
    for (const key of Object.keys(this.#options)) {
      if (known.includes(key) || refusedElsewhere.includes(key)) continue;
      const nearest = nearestName(key, known);
      const hint = nearest === undefined ? `valid are ${known.join(', ')}` : `did you mean "${nearest}"?`;
      this.note(`unknown option "${this.path(key)}": ${hint}`);
    }
  }

  /** The raw value of an own key. */
  value(key: string): unknown {
    return Object.hasOwn(this.#options, key) ? this.#options[key] : undefined;
  }

  wholeNumber(key: string, min: number, max: number): number | undefined {
    return this.#number(key, min, max, 'a whole number', Number.isInteger);
  }

  number(key: string, min: number, max: number): number | undefined {
    return this.#number(key, min, max, 'a number', Number.isFinite);
  }

  #number(
    key: string,
    min: number,
    max: number,
    kind: string,
    isKind: (value: unknown) => boolean,
  ): number | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && isKind(value) && value >= min && value <= max) return value;
    return this.refuse(key, `${kind} from ${min} to ${max}`);
  }

  /** A duration in milliseconds. */
  duration(key: string, range: DurationRange): number | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : this.requiredDuration(key, value, range);
  }

  /** A duration that stands outside of the options, such as a function's first argument. */
  requiredDuration(name: string, value: unknown, range: DurationRange): number | undefined {
    const ms = parseDuration(value);
    if (ms !== undefined && ms >= range.minMs && ms <= range.maxMs) return ms;
    return this.refuse(name, `a duration (${DURATION_FORMS}) ${range.words}`, value);
  }

  oneOf<T extends string>(key: string, values: readonly T[]): T | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    return (
      values.find((candidate) => candidate === value) ??
      this.refuse(key, `one of ${values.map((v) => `'${v}'`).join(', ')}`)
    );
  }

  flag(key: string): boolean | undefined {
    const value = this.value(key);
    return value === undefined || typeof value === 'boolean' ? value : this.refuse(key, 'true or false');
  }

  /** A list of whatever. */
  list(key: string, expected: string): readonly unknown[] | undefined {
    const value = this.value(key);
    return value === undefined || Array.isArray(value) ? value : this.refuse(key, expected);
  }
}

/** Whether a value is an object with keys. The entries of a Map, and what a promise gives, would be overlooked. */
export function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype || prototype === null || !WITHOUT_KEYS.has(Object.prototype.toString.call(value))
  );
}

/** By the name that the language gives the kind: `instanceof` fails for objects of another realm. */
const WITHOUT_KEYS: ReadonlySet<string> = new Set([
  '[object Map]',
  '[object Set]',
  '[object Promise]',
  '[object Date]',
]);
