import type { Connection } from './connection';

/** The connections of one application. */
export class ConnectionRegistry {
  readonly #connections = new Map<string, Connection>();

  readonly #names = new Set<string>();

  /** Takes a name, before the connection is made. @returns whether it was free. */
  reserve(name: string): boolean {
    if (this.#names.has(name)) return false;
    this.#names.add(name);
    return true;
  }

  add(connection: Connection): void {
    this.#connections.set(connection.name, connection);
  }

  /** All, or the one of a name. */
  list(name?: string): readonly Connection[] {
    return [...this.#connections.values()].filter((connection) => name === undefined || connection.name === name);
  }
}
