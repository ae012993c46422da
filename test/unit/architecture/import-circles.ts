import { resolveImport, type SourceFile } from './source-file';

/** The first circle of imports that each file is found in, as `a.ts -> b.ts -> a.ts`. Imports of types count. */
export function importCircles(files: readonly SourceFile[]): readonly string[] {
  const graph = new Map(files.map((file) => [withoutExtension(file.path), targetsOf(file)]));
  const done = new Set<string>();
  const circles: string[] = [];
  for (const start of graph.keys()) visit(start, []);
  return circles;

  function visit(path: string, trail: readonly string[]): void {
    if (trail.includes(path)) {
      circles.push([...trail.slice(trail.indexOf(path)), path].map((name) => `${name}.ts`).join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  }
}

const withoutExtension = (path: string): string => path.replace(/\.ts$/, '');

function targetsOf({ path, imports }: SourceFile): readonly string[] {
  return imports.flatMap(({ target }) => resolveImport(path, target) ?? []);
}
