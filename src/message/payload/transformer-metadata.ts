import { Expose, type ExposeMetadata, type TypeMetadata } from 'class-transformer';
import type { ClassType } from '../../task/class-type';

type ByProperty = ReadonlyMap<string | undefined, unknown>;
type ByClass = Map<unknown, ByProperty>;

/** Where class-transformer 0.5 keeps what its decorators say. Private names; the probe below finds out if they move. */
const STORES = ['_typeMetadatas', '_exposeMetadatas', '_excludeMetadatas', '_transformMetadatas'] as const;
type Store = (typeof STORES)[number];

/** What class-transformer's decorators say of classes. */
export class TransformerMetadata {
  constructor(private readonly stores: Readonly<Record<Store, ByClass>>) {}

  /** Whether the class, and those that it extends, have no decorator of class-transformer but `@Type`. */
  onlyTypes(type: ClassType): boolean {
    const others = STORES.filter((store) => store !== '_typeMetadatas');
    return !lineage(type).some((ancestor) => others.some((store) => this.stores[store].has(ancestor)));
  }

  /** The properties that have `@Expose`, `@Type` or `@Transform`. */
  propertiesOf(type: ClassType): readonly string[] {
    const stores = STORES.filter((store) => store !== '_excludeMetadatas');
    const found = lineage(type).flatMap((ancestor) =>
      stores.flatMap((store) => [...(this.stores[store].get(ancestor)?.keys() ?? [])]),
    );
    return found.filter((property) => property !== undefined);
  }

  /** The name that `@Expose` gives a property on the wire, or its own. */
  wireNameOf(type: ClassType, property: string): string {
    const metadata = this.find('_exposeMetadatas', type, property) as ExposeMetadata | undefined;
    return metadata?.options?.name ?? property;
  }

  typeOf(type: ClassType, property: string): TypeMetadata | undefined {
    return this.find('_typeMetadatas', type, property) as TypeMetadata | undefined;
  }

  /** Whether a function of the user's makes the property's value. */
  isTransformed(type: ClassType, property: string): boolean {
    return this.find('_transformMetadatas', type, property) !== undefined;
  }

  private find(store: Store, type: ClassType, property: string): unknown {
    for (const ancestor of lineage(type)) {
      const found = this.stores[store].get(ancestor)?.get(property);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** The class and those that it extends, nearest first. */
function lineage(type: ClassType): readonly unknown[] {
  const classes: unknown[] = [];
  for (let next: unknown = type; typeof next === 'function' && next !== Function.prototype; ) {
    classes.push(next);
    next = Object.getPrototypeOf(next);
  }
  return classes;
}

/**
 * Reads class-transformer's storage, or gives `undefined` where it cannot be had. The package does not export it, and
 * a bundler that takes the ES build of the package gives this file another copy: so a decorator of the package is
 * tried, and what it says must arrive here.
 */
export function readTransformerMetadata(load: () => unknown = loadStorage): TransformerMetadata | undefined {
  const storage = attempt(load);
  const stores: Partial<Record<Store, ByClass>> = {};
  for (const store of STORES) {
    const found: unknown = attempt(() => Reflect.get(storage as object, store));
    if (!(found instanceof Map)) return undefined;
    stores[store] = found;
  }
  const metadata = new TransformerMetadata(stores as Record<Store, ByClass>);
  class Probe {}
  Expose()(Probe.prototype, 'probe');
  const isLive = !metadata.onlyTypes(Probe);
  stores._exposeMetadatas?.delete(Probe);
  return isLive ? metadata : undefined;
}

function loadStorage(): unknown {
  return (require('class-transformer/cjs/storage') as { defaultMetadataStorage?: unknown }).defaultMetadataStorage;
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
