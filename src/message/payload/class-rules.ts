import {
  getMetadataStorage,
  type ValidationArguments,
  ValidationTypes,
  type ValidatorConstraintInterface,
} from 'class-validator';
import type { ClassType } from '../../task/class-type';
import type { RuleWords } from './rule-message';

type Storage = ReturnType<typeof getMetadataStorage>;
type RuleMetadata = ReturnType<Storage['getTargetValidationMetadatas']>[number];
type ConstraintMetadata = ReturnType<Storage['getTargetValidatorConstraints']>[number];

/** A condition on a property: `@IsOptional`, `@ValidateIf`, or a decorator's `validateIf` option. */
export type Condition = (object: object, value: unknown) => unknown;

/** What class-validator's decorators ask of one property. */
export interface PropertyRules {
  readonly property: string;
  /** All must hold, or nothing is asked of the property. */
  readonly conditions: readonly Condition[];
  readonly constraints: readonly Constraint[];
  /** The words of each `@ValidateNested`. */
  readonly nested: readonly RuleWords[];
}

export interface ClassRules {
  readonly className: string;
  readonly properties: readonly PropertyRules[];
}

/** One constraint of one decorator on one property. */
export class Constraint implements RuleWords {
  readonly rule: string;
  readonly property: string;
  readonly constraints: unknown[];
  readonly message: RuleWords['message'];
  /** Whether it is about each item of a collection. */
  readonly each: boolean;
  readonly condition: Condition | undefined;
  #validator: ValidatorConstraintInterface | undefined;

  constructor(
    readonly targetName: string,
    metadata: RuleMetadata,
    private readonly source: ConstraintMetadata,
  ) {
    this.rule = source.name || metadata.type;
    this.property = metadata.propertyName;
    this.constraints = metadata.constraints;
    this.message = metadata.message;
    this.each = metadata.each;
    this.condition = metadata.validateIf;
  }

  /** Asked for at the first use, when a container has been set; class-validator searches through all of them each time. */
  get validator(): ValidatorConstraintInterface {
    this.#validator ??= this.source.instance;
    return this.#validator;
  }

  defaultMessage(args: ValidationArguments): string | undefined {
    return this.validator.defaultMessage?.(args);
  }
}

/** What class-validator's decorators ask of a class's instances: no properties when there are no decorators. */
export function rulesOfClass(type: ClassType): ClassRules {
  const byProperty = new Map<string, RuleMetadata[]>();
  // No groups, `always` and strict groups off: every decorator counts, as in a plain validate() call.
  for (const metadata of getMetadataStorage().getTargetValidationMetadatas(type, '', false, false)) {
    const others = byProperty.get(metadata.propertyName);
    if (others === undefined) byProperty.set(metadata.propertyName, [metadata]);
    else others.push(metadata);
  }
  const properties = [...byProperty].map(([property, metadatas]) => rulesOfProperty(type.name, property, metadatas));
  return Object.freeze({ className: type.name, properties: Object.freeze(properties) });
}

function rulesOfProperty(className: string, property: string, metadatas: readonly RuleMetadata[]): PropertyRules {
  const ofType = (type: string) => metadatas.filter((metadata) => metadata.type === type);
  // class-validator runs @IsDefined before the others.
  const checking = [...ofType(ValidationTypes.IS_DEFINED), ...ofType(ValidationTypes.CUSTOM_VALIDATION)];
  return Object.freeze({
    property,
    conditions: ofType(ValidationTypes.CONDITIONAL_VALIDATION).map(({ constraints }): Condition => constraints[0]),
    constraints: checking.flatMap((metadata) => constraintsOf(className, metadata)),
    nested: ofType(ValidationTypes.NESTED_VALIDATION).map((metadata) => nestedWords(className, metadata)),
  });
}

function constraintsOf(className: string, metadata: RuleMetadata): Constraint[] {
  const sources = getMetadataStorage().getTargetValidatorConstraints(metadata.constraintCls);
  return sources.map((source) => new Constraint(className, metadata, source));
}

function nestedWords(targetName: string, metadata: RuleMetadata): RuleWords {
  const { type: rule, propertyName: property, message } = metadata;
  return Object.freeze({ rule, property, targetName, constraints: [], message, defaultMessage: () => undefined });
}
