/** One import, export-from or dynamic import of a source file. */
export interface ImportStatement {
  readonly line: number;
  /** As written: `../task/names`, `amqplib`, `node:crypto`. */
  readonly target: string;
  readonly typeOnly: boolean;
}

/** A source file as the rules look at it. Paths are relative to `src`, with `/`. */
export interface SourceFile {
  readonly path: string;
  /** `task`, or `index` for the files of `src` itself. */
  readonly room: string;
  /** The code without comments and without what is quoted, line for line. */
  readonly lines: readonly string[];
  readonly imports: readonly ImportStatement[];
}

const COMMENT_OR_STRING = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
const IMPORT =
  /\b(?:import|export)\s+([^;'"`]*?)\bfrom\s+'([^']+)'|\bimport\s+'([^']+)'|\b(?:import|require)\s*\(\s*'([^']+)'/g;

export function readSource(path: string, text: string): SourceFile {
  const code = text.replace(COMMENT_OR_STRING, (found) =>
    found.startsWith('/') ? found.replace(/[^\n]/g, ' ') : found,
  );
  const bare = code.replace(COMMENT_OR_STRING, (found) => (found.startsWith('`') ? found : `''`));
  return {
    path,
    room: path.includes('/') ? path.slice(0, path.indexOf('/')) : 'index',
    lines: bare.trimEnd().split('\n'),
    imports: [...code.matchAll(IMPORT)].map((match) => ({
      line: code.slice(0, match.index).split('\n').length,
      target: match[2] ?? match[3] ?? match[4] ?? '',
      typeOnly: match[1] !== undefined && namesTypesOnly(match[1]),
    })),
  };
}

/** `type { A }`, or `{ type A, type B }`. */
function namesTypesOnly(clause: string): boolean {
  if (/^type\b/.test(clause)) return true;
  const names = /^\{([^}]*)\}/
    .exec(clause)?.[1]
    ?.split(',')
    .filter((name) => name.trim() !== '');
  return names?.every((name) => /^\s*type\b/.test(name)) ?? false;
}

/** The file that an import means, without its extension; `undefined` for a package. */
export function resolveImport(from: string, target: string): string | undefined {
  if (!target.startsWith('.')) return undefined;
  const segments = from.split('/').slice(0, -1);
  for (const segment of target.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  return segments.join('/');
}
