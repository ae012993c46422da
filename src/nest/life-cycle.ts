import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ConfigurationError } from '../errors/configuration-error';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import { ConnectionRegistry } from './connection-registry';
import { Embedding } from './embedding';
import { HandlerExplorer } from './handler-explorer';
import { EMBEDDING } from './tokens';

/**
 * Starts and stops the connections of an application. Its module's hooks run outermost: tasks begin when every other
 * `onApplicationBootstrap` is done, and have ended before any other `onModuleDestroy` begins. Connections close last,
 * when the HTTP server has: a request that is still answered may enqueue.
 */
@Injectable()
export class LifeCycle implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @Inject(ConnectionRegistry) private readonly registry: ConnectionRegistry,
    @Inject(HandlerExplorer) private readonly explorer: HandlerExplorer,
    @Inject(EMBEDDING) private readonly embedding: unknown,
  ) {}

  onModuleInit(): void {
    const names = this.registry.list().map(({ name }) => name);
    const homeless = this.explorer
      .all()
      .filter(({ connection }) => !names.includes(connection))
      .map(
        ({ type, module, connection }) =>
          `${type.name} (${module}) belongs to the connection "${connection}", and WarrenModule has none of that name: there are ${names.join(', ')}`,
      );
    const problems = [...homeless, ...this.explorer.hiddenProblems()];
    if (problems.length > 0) throw new ConfigurationError(problems);
  }

  /** All or none: where one cannot start, those that have started stop. */
  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.#startAll();
    } catch (error) {
      await this.onApplicationShutdown();
      throw error;
    }
  }

  async #startAll(): Promise<void> {
    for (const { app, binder } of this.registry.list()) {
      binder.compile();
      await app.start();
      // Closed while it waited for the broker. Nest must not go on as if tasks ran.
      if (app.state !== 'started') throw new ConnectionClosedError('the application was closed before it had started');
      if (this.embedding instanceof Embedding) await app.pause();
    }
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.registry.list().map(({ app }) => app.drain()));
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.registry.list().map(({ app }) => app.stop()));
  }
}
