import { instanceToPlain } from 'class-transformer';
import type { ClassType } from '../../task/class-type';

/**
 * Whether class-transformer leaves a property out when it writes an instance. Asked by trying, where its metadata cannot
 * be read: an instance with that property alone is written as an object without a value.
 */
export function isLeftOutByProbe(type: ClassType, property: string): boolean {
  try {
    const probe: object = Object.create(type.prototype as object);
    Object.defineProperty(probe, property, { value: 'probe', enumerable: true });
    return Object.values(instanceToPlain(probe)).every((value) => value === undefined);
  } catch {
    // A @Transform that cannot take a text: it makes a value, so the property is written.
    return false;
  }
}
