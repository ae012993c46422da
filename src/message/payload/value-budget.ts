import { type JsonLimits, limitText } from '../json-budget';

/**
 * Says which limit a value breaks, or `undefined`. class-transformer is quadratic in the keys of an object and follows
 * a circular reference for ever, so a value is measured before it gets there. Stops at the first breach.
 */
export function measureValue(value: unknown, limits: JsonLimits): string | undefined {
  return new Measure(limits).visit(value, 1);
}

class Measure {
  #keys = 0;
  #values = 0;

  constructor(private readonly limits: JsonLimits) {}

  visit(value: unknown, depth: number): string | undefined {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
    if (depth > this.limits.maxDepth) return limitText.depth(this.limits);
    return Array.isArray(value)
      ? this.#visitItems(value, depth)
      : this.#visitKeys(value as Record<string, unknown>, depth);
  }

  #visitItems(items: readonly unknown[], depth: number): string | undefined {
    this.#values += items.length;
    if (this.#values > this.limits.maxValues) return limitText.values(this.limits);
    for (const item of items) {
      const limit = this.visit(item, depth + 1);
      if (limit !== undefined) return limit;
    }
    return undefined;
  }

  #visitKeys(object: Readonly<Record<string, unknown>>, depth: number): string | undefined {
    const keys = Object.keys(object);
    this.#keys += keys.length;
    // Before the values are read: from an object of 200,000 keys that takes longer than all the rest.
    if (this.#keys > this.limits.maxKeys) return limitText.keys(this.limits);
    for (const key of keys) {
      const limit = this.visit(object[key], depth + 1);
      if (limit !== undefined) return limit;
    }
    return undefined;
  }
}
