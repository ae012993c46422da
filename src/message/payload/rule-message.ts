import type { ValidationArguments } from 'class-validator';

/** What a message says in the place of the value. */
const MASK = '[value]';
const MASKED = Object.freeze({ toString: () => MASK, toJSON: () => MASK });

/** What the message of a broken rule is made of. */
export interface RuleWords {
  /** class-validator's name of the constraint: `isEmail`. */
  readonly rule: string;
  readonly property: string;
  readonly targetName: string;
  /** The arguments that the decorator was given. */
  readonly constraints: unknown[];
  /** The decorator's own `message` option. */
  readonly message: string | ((args: ValidationArguments) => string) | undefined;
  /** What the validator says where the decorator has no message. */
  defaultMessage(args: ValidationArguments): string | undefined;
}

/**
 * The words for a broken rule. class-validator would put the value into `$value` and hand it to message functions, and
 * the words end in errors, logs and dead letters: here they get a mask instead. The path stands beside the message, so
 * the property's name at its beginning is left out.
 */
export function messageOf(words: RuleWords, value: unknown): string {
  const { property, targetName, constraints } = words;
  const args: ValidationArguments = { targetName, property, object: {}, value: masked(value), constraints };
  try {
    const given = words.message || words.defaultMessage(args);
    const template = typeof given === 'function' ? given(args) : given;
    if (typeof template === 'string' && template !== '') return fillIn(withoutProperty(template), words);
  } catch {
    // A message function that cannot do without the value: the rule's name must do.
  }
  return `breaks the rule ${words.rule}`;
}

/** As long as the value, since `@Length` asks which of its bounds was broken. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return '*'.repeat(value.length);
  return value === undefined || value === null ? value : MASKED;
}

function withoutProperty(template: string): string {
  return template.replace(/^each value in \$property /, 'each value ').replace(/^\$property /, '');
}

function fillIn(template: string, { property, targetName, constraints }: RuleWords): string {
  return template.replace(/\$(?:constraint(\d+)|value|property|target)/g, (token, position: string | undefined) => {
    if (position !== undefined) {
      const index = Number(position) - 1;
      return index in constraints ? inWords(constraints[index]) : token;
    }
    if (token === '$value') return MASK;
    return token === '$property' ? property : targetName;
  });
}

function inWords(constraint: unknown): string {
  if (Array.isArray(constraint)) return constraint.join(', ');
  return typeof constraint === 'symbol' ? (constraint.description ?? '') : `${constraint}`;
}
