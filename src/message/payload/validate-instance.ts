import type { ValidationArguments } from 'class-validator';
import { describeThrown } from '../../errors/describe-thrown';
import type { ClassType } from '../../task/class-type';
import { type JsonLimits, limitText } from '../json-budget';
import { type ClassRules, type Constraint, type PropertyRules, rulesOfClass } from './class-rules';
import { below, type Place, pathOf, ROOT, ROOT_PATH } from './payload-path';
import { ProblemList } from './problem-list';
import { messageOf, type RuleWords } from './rule-message';

const NO_RULES: ClassRules = Object.freeze({ className: '', properties: Object.freeze([]) });

/** Thrown through the walk when instances are nested past the limit: a `@Transform` can make circles of them. */
const TOO_DEEP = Symbol('too deep');

/**
 * Runs class-validator's decorators over instances: its constraints, its conditions, its order, from metadata that is
 * looked up once for each class. class-validator's own executor looks everything up again for each object (three times
 * the cost of the constraints themselves, and more with every decorated class), either always gives a promise or skips
 * asynchronous validators, ends at the first validator that throws, and puts values into messages.
 */
export class InstanceValidator {
  readonly #rules = new Map<unknown, ClassRules>();

  constructor(readonly limits: JsonLimits) {}

  /**
   * Adds the problems of an instance to those that are known; a promise of them when a validator is asynchronous. Never
   * throws or rejects.
   */
  validate(instance: object, problems = new ProblemList()): ProblemList | Promise<ProblemList> {
    const { pending } = new Run(this, problems).start(instance);
    return pending === undefined ? problems : Promise.all(pending).then(() => problems);
  }

  /** The rules of an object's class; none for what no decorator knows. */
  rulesOf(object: object): ClassRules {
    const type: unknown = object.constructor;
    if (typeof type !== 'function') return NO_RULES;
    let rules = this.#rules.get(type);
    if (rules === undefined) {
      rules = rulesOfClass(type as unknown as ClassType);
      this.#rules.set(type, rules);
    }
    return rules;
  }
}

/** One validation of one payload. */
class Run {
  /** The asynchronous validators under way; none of these promises rejects. */
  pending: Promise<void>[] | undefined;

  constructor(
    private readonly validator: InstanceValidator,
    private readonly problems: ProblemList,
  ) {}

  start(instance: object): this {
    try {
      this.validateObject(instance, ROOT);
    } catch (thrown) {
      if (thrown === TOO_DEEP) this.problems.add(ROOT_PATH, 'limit', limitText.depth(this.validator.limits));
      else this.addThrown(ROOT, thrown);
    }
    return this;
  }

  private validateObject(object: object, place: Place): void {
    const { properties, className } = this.validator.rulesOf(object);
    if (properties.length === 0) {
      this.problems.add(pathOf(place), 'unknownValue', 'is an object whose class has no class-validator decorators');
    }
    for (const rules of properties) {
      try {
        this.validateProperty(object, className, rules, place);
      } catch (thrown) {
        if (thrown === TOO_DEEP) throw thrown;
        this.addThrown(below(place, rules.property), thrown);
      }
    }
  }

  private validateProperty(object: object, targetName: string, rules: PropertyRules, place: Place): void {
    const { property } = rules;
    const value: unknown = Reflect.get(object, property);
    for (const condition of rules.conditions) if (!condition(object, value)) return;
    for (const constraint of rules.constraints) {
      if (constraint.condition !== undefined && !constraint.condition(object, value)) continue;
      const args = { targetName, property, object, value, constraints: constraint.constraints };
      const verdict = verdictOf(constraint, args);
      if (isThenable(verdict)) this.await(verdict, constraint, value, below(place, property));
      else if (!verdict) this.addBroken(constraint, value, below(place, property));
    }
    for (const words of rules.nested) this.validateNested(value, words, property, place);
  }

  /** As class-validator: `undefined` passes, collections are walked through, what else is not an object is wrong. */
  private validateNested(value: unknown, words: RuleWords, key: string, parent: Place): void {
    if (value === undefined) return;
    const place = below(parent, key);
    if (place.depth > this.validator.limits.maxDepth) throw TOO_DEEP;
    if (typeof value !== 'object' || value === null) this.addBroken(words, value, place);
    else if (isCollection(value)) this.validateItems(value, words, place);
    else this.validateObject(value, place);
  }

  private validateItems(items: Collection, words: RuleWords, place: Place): void {
    const keys = items instanceof Map ? [...items.keys()] : undefined;
    let index = 0;
    for (const item of items.values()) {
      this.validateNested(item, words, String(keys === undefined ? index : keys[index]), place);
      index++;
    }
  }

  private await(verdict: PromiseLike<unknown>, words: RuleWords, value: unknown, place: Place): void {
    const settled = Promise.resolve(verdict).then(
      (isValid) => {
        if (!isValid) this.addBroken(words, value, place);
      },
      (thrown) => this.addThrown(place, thrown),
    );
    this.pending ??= [];
    this.pending.push(settled);
  }

  private addBroken(words: RuleWords, value: unknown, place: Place): void {
    if (this.problems.isFull) this.problems.count();
    else this.problems.add(pathOf(place), words.rule, messageOf(words, value));
  }

  /** Not what was thrown, only its class: a validator's error may quote the value. */
  private addThrown(place: Place, thrown: unknown): void {
    this.problems.add(pathOf(place), 'validator', `a validator threw ${describeThrown(thrown).name}`);
  }
}

/** One constraint's answer: over the value, or over each item of a collection. */
function verdictOf(constraint: Constraint, args: ValidationArguments): unknown {
  const { validator } = constraint;
  const { value } = args;
  if (!constraint.each || !isCollection(value)) return validator.validate(value, args);
  const verdicts = Array.from(value.values(), (item): unknown => validator.validate(item, args));
  if (!verdicts.some(isThenable)) return verdicts.every(Boolean);
  return Promise.all(verdicts).then((all) => all.every(Boolean));
}

type Collection = readonly unknown[] | Set<unknown> | Map<unknown, unknown>;

function isCollection(value: unknown): value is Collection {
  return Array.isArray(value) || value instanceof Set || value instanceof Map;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function';
}
