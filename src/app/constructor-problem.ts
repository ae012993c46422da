import type { ClassType } from '../task/class-type';

/**
 * What is wrong with a handler class that is to be made by `new` without arguments. Parameters with a default value are no
 * matter; a class without a constructor has that of the class that it extends.
 */
export function constructorProblem(type: ClassType): string | undefined {
  const owner = ownerOfConstructor(type);
  if (owner === undefined || owner.length === 0) return undefined;
  const names = parametersOf(owner).slice(0, owner.length);
  const shown =
    names.length === owner.length ? names.map((name) => `"${name}"`).join(', ') : `${owner.length} parameter(s)`;
  const whose = owner === type ? 'its constructor' : `the constructor of ${owner.name}, which it extends,`;
  return `${type.name}: ${whose} takes ${shown}, and the app has no resolver, so nothing is given to it: give createTaskApp a resolver that makes the instance (resolver: { get: (type) => container.get(type) }), or give each parameter a default value`;
}

/** `class B extends A {}` has no parameters by its length, and takes those of A. */
function ownerOfConstructor(type: ClassType): ClassType | undefined {
  for (let at: unknown = type; typeof at === 'function' && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    const source = sourceOf(at as ClassType);
    if (!source.startsWith('class') || /(?:^|[\s;{}])constructor\s*\(/.test(source)) return at as ClassType;
  }
  return undefined;
}

function parametersOf(type: ClassType): readonly string[] {
  const source = sourceOf(type);
  const list =
    (source.startsWith('class') ? /(?:^|[\s;{}])constructor\s*\(([^)]*)\)/ : /^[^(]*\(([^)]*)\)/).exec(source)?.[1] ??
    '';
  return list.split(',').flatMap((parameter) => /^\s*([\w$]+)/.exec(parameter)?.[1] ?? []);
}

const sourceOf = (type: ClassType): string => Function.prototype.toString.call(type);
