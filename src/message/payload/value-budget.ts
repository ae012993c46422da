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

  constructor(readonly limits: JsonLimits) {}

  visit(value: unknown, depth: number): string | undefined {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
    if (depth > this.limits.maxDepth) return limitText.depth(this.limits);
    const children = Array.isArray(value) ? value : Object.values(value);
    if (!Array.isArray(value)) this.#keys += children.length;
    this.#values += children.length;
    if (this.#keys > this.limits.maxKeys) return limitText.keys(this.limits);
    if (this.#values > this.limits.maxValues) return limitText.values(this.limits);
    for (const child of children) {
      const limit = this.visit(child, depth + 1);
      if (limit !== undefined) return limit;
    }
    return undefined;
  }
}
