import type { BindingSpec } from './topology';

/** By code units, so that the order of a plan does not depend on the machine's locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function compareNames(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareText(a.name, b.name);
}

export function compareBindings(a: BindingSpec, b: BindingSpec): number {
  return (
    compareText(a.source, b.source) ||
    compareText(a.destinationType, b.destinationType) ||
    compareText(a.destination, b.destination) ||
    compareText(a.routingKey, b.routingKey)
  );
}

/** One text for one binding: no two bindings share it. */
export function bindingIdentity(binding: BindingSpec): string {
  return JSON.stringify([binding.source, binding.destinationType, binding.destination, binding.routingKey]);
}
