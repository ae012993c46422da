import type { Connection } from './connection';

/** A connection that has been made, with what watches its health. */
export interface RegisteredConnection extends Connection {
  readonly health: { problems(): readonly string[] };
}

/** The connections of one application. */
export class ConnectionRegistry {
  readonly #connections = new Map<string, RegisteredConnection>();

  readonly #names = new Set<string>();

  /** Takes a name, before the connection is made. @returns whether it was free. */
  reserve(name: string): boolean {
    if (this.#names.has(name)) return false;
    this.#names.add(name);
    return true;
  }

  add(connection: RegisteredConnection): void {
    this.#connections.set(connection.name, connection);
  }

  /** All, or the one of a name. */
  list(name?: string): readonly RegisteredConnection[] {
    return [...this.#connections.values()].filter((connection) => name === undefined || connection.name === name);
  }
}
