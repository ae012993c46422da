import type { ClassType } from '../task/class-type';

/** A class's name for people. */
export function className(type: ClassType): string {
  return type.name === '' ? '(anonymous class)' : type.name;
}

/** `EmailTasks.send`, `EmailTasks[Symbol(send)]`. */
export function memberLabel(type: ClassType, key: string | symbol): string {
  return typeof key === 'symbol' ? `${className(type)}[${String(key)}]` : `${className(type)}.${key}`;
}
