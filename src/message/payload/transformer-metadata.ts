import {
  type ExcludeMetadata,
  Expose,
  type ExposeMetadata,
  type TransformMetadata,
  type TypeMetadata,
} from 'class-transformer';
import type { ClassType } from '../../task/class-type';

type ByProperty = ReadonlyMap<string | undefined, unknown>;
type ByClass = Map<unknown, ByProperty>;

/** Where class-transformer 0.5 keeps what its decorators say. Private names; the probe below finds out if they move. */
const STORES = ['_typeMetadatas', '_exposeMetadatas', '_excludeMetadatas', '_transformMetadatas'] as const;
type Store = (typeof STORES)[number];

/** `read` makes instances of JSON, `write` makes JSON of instances. */
export type Direction = 'read' | 'write';

/** What class-transformer's decorators say of classes. */
export class TransformerMetadata {
  constructor(private readonly stores: Readonly<Record<Store, ByClass>>) {}

  /** Whether the class, and those that it extends, have no decorator of class-transformer but `@Type`. */
  onlyTypes(type: ClassType): boolean {
    const others = STORES.filter((store) => store !== '_typeMetadatas');
    return !lineage(type).some((ancestor) => others.some((store) => this.stores[store].has(ancestor)));
  }

  /** The properties that have a decorator of class-transformer. */
  propertiesOf(type: ClassType): readonly string[] {
    const found = lineage(type).flatMap((ancestor) =>
      STORES.flatMap((store) => [...(this.stores[store].get(ancestor)?.keys() ?? [])]),
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

  /** The functions of `@Transform` that make a property's value, in the order in which class-transformer calls them. */
  transformsOf(type: ClassType, property: string, direction: Direction): readonly TransformMetadata[] {
    const [own, ...ancestors] = lineage(type).map((each) => this.#transformsAt(each, property));
    const ordered = [...ancestors.flat().reverse(), ...[...(own ?? [])].reverse()];
    return ordered.filter(({ options }) => appliesTo(options, direction) && isWithoutGroups(options));
  }

  /** Whether `@Expose` names the property, so that class-transformer makes it where its key is missing, too. */
  isExposed(type: ClassType, property: string, direction: Direction): boolean {
    return lineage(type).some((each) => {
      const metadata = this.stores._exposeMetadatas.get(each)?.get(property) as ExposeMetadata | undefined;
      return metadata !== undefined && appliesTo(metadata.options, direction) && isWithoutGroups(metadata.options);
    });
  }

  /**
   * Whether the class leaves a property out: by `@Exclude`, by an `@Expose` for groups that no call names, or by an
   * `@Exclude` of the class. The last counts for classes that extend it too, unless `@Expose` of the class takes it back:
   * class-transformer forgets it there, and would write what a base class keeps secret.
   *
   * @param isKnownTo - whether a class of the lineage, or one that it extends, declares the property.
   */
  isExcluded(type: ClassType, property: string, direction: Direction, isKnownTo: (ancestor: ClassType) => boolean) {
    const classes = lineage(type);
    const isExcludedByName = classes.some((each) => {
      const metadata = this.stores._excludeMetadatas.get(each)?.get(property) as ExcludeMetadata | undefined;
      return metadata !== undefined && appliesTo(metadata.options, direction);
    });
    if (isExcludedByName) return true;
    const exposed = this.find('_exposeMetadatas', type, property) as ExposeMetadata | undefined;
    if (exposed !== undefined && !isWithoutGroups(exposed.options)) return true;
    if (this.isExposed(type, property, direction)) return false;
    const deciding = classes.find((each) => this.#strategyOf(each) !== 'none' && (each === type || isKnownTo(each)));
    return deciding !== undefined && this.#strategyOf(deciding) === 'exclude';
  }

  /** Whether the class leaves out every property that `@Expose` does not name. */
  excludesOthers(type: ClassType): boolean {
    return this.#strategyOf(type) === 'exclude';
  }

  #strategyOf(type: ClassType): 'exclude' | 'expose' | 'none' {
    const isExcluding = this.stores._excludeMetadatas.get(type)?.get(undefined) !== undefined;
    const isExposing = this.stores._exposeMetadatas.get(type)?.get(undefined) !== undefined;
    if (isExcluding === isExposing) return 'none';
    return isExcluding ? 'exclude' : 'expose';
  }

  #transformsAt(type: ClassType, property: string): readonly TransformMetadata[] {
    return (this.stores._transformMetadatas.get(type)?.get(property) as readonly TransformMetadata[] | undefined) ?? [];
  }

  private find(store: Store, type: ClassType, property: string): unknown {
    for (const ancestor of lineage(type)) {
      const found = this.stores[store].get(ancestor)?.get(property);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

interface Directed {
  readonly toClassOnly?: boolean;
  readonly toPlainOnly?: boolean;
}

/** Both options together mean both directions, as in class-transformer. */
function appliesTo({ toClassOnly, toPlainOnly }: Directed = {}, direction: Direction): boolean {
  if (toClassOnly === true) return toPlainOnly === true || direction === 'read';
  return toPlainOnly !== true || direction === 'write';
}

/** What is for some groups only is for nobody here: payloads are made and written without a group. */
function isWithoutGroups({ groups = [] }: { readonly groups?: readonly string[] } = {}): boolean {
  return groups.length === 0;
}

/** The class and those that it extends, nearest first. */
function lineage(type: ClassType): readonly ClassType[] {
  const classes: ClassType[] = [];
  for (let next: unknown = type; typeof next === 'function' && next !== Function.prototype; ) {
    classes.push(next as unknown as ClassType);
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
