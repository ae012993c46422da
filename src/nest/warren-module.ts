import { type DynamicModule, Inject, Module, type Provider } from '@nestjs/common';
import { ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import { TaskApp } from '../app/task-app';
import { TaskClient } from '../client/task-client';
import { DeadLetters } from '../dead-letter/dead-letters';
import { ConfigurationError } from '../errors/configuration-error';
import { type Connection, createConnection } from './connection';
import { ConnectionRegistry } from './connection-registry';
import { Embedding } from './embedding';
import { HandlerBinder } from './handler-binder';
import { HandlerExplorer } from './handler-explorer';
import { WarrenHealthIndicator } from './health-indicator';
import { LifeCycle } from './life-cycle';
import {
  readModuleOptions,
  type WarrenAsyncOptions,
  type WarrenConnectionOptions,
  type WarrenModuleOptions,
  type WarrenOptionsFactory,
  type WarrenRootOptions,
} from './module-options';
import { runHooksOutermost } from './nest-internals';
import { taskContextProvider } from './task-request';
import {
  DEFAULT_CONNECTION,
  EMBEDDING,
  getDeadLettersToken,
  getTaskAppToken,
  getTaskClientToken,
  optionsToken,
} from './tokens';

/** What a constructor parameter of these types gets without a decorator, of the connection that has no name. */
const BY_TYPE = [
  { type: TaskApp, token: getTaskAppToken },
  { type: TaskClient, token: getTaskClientToken },
  { type: DeadLetters, token: getDeadLettersToken },
] as const;

/** What all connections of an application share. */
@Module({
  providers: [
    ConnectionRegistry,
    HandlerExplorer,
    LifeCycle,
    WarrenHealthIndicator,
    taskContextProvider,
    { provide: EMBEDDING, useValue: false },
  ],
  exports: [ConnectionRegistry, HandlerExplorer, WarrenHealthIndicator, taskContextProvider.provide, EMBEDDING],
})
export class WarrenCoreModule {
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    runHooksOutermost(modules, WarrenCoreModule);
  }
}

/**
 * Tasks on RabbitMQ as a Nest module. Providers with `@Task` methods are its handlers, in whatever module they stand.
 *
 * @example
 * ```ts
 * @Module({ imports: [WarrenModule.forRoot({ url: 'amqp://localhost' })], providers: [EmailTasks] })
 * export class AppModule {}
 * ```
 */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: this is what a dynamic module of Nest is.
export class WarrenModule {
  /** A connection whose options are known. `createTaskApp`'s errors come when the application is created. */
  static forRoot(options: WarrenRootOptions = {}): DynamicModule {
    const { connection = DEFAULT_CONNECTION } = options;
    return dynamicModule(options, [], [{ provide: optionsToken(connection), useValue: options }]);
  }

  /** A connection whose options are made by the container. */
  static forRootAsync(options: WarrenAsyncOptions): DynamicModule {
    return dynamicModule(options, options.imports ?? [], optionsProviders(options));
  }
}

function dynamicModule(
  { connection = DEFAULT_CONNECTION, isGlobal = true }: WarrenConnectionOptions,
  imports: NonNullable<DynamicModule['imports']>,
  options: readonly Provider[],
): DynamicModule {
  const parts = partsOf(connection);
  return {
    module: WarrenModule,
    global: isGlobal,
    imports: [WarrenCoreModule, ...imports],
    providers: [...options, ...parts],
    exports: [
      WarrenCoreModule,
      getTaskAppToken(connection),
      getTaskClientToken(connection),
      getDeadLettersToken(connection),
      ...(connection === DEFAULT_CONNECTION ? BY_TYPE.map(({ type }) => type) : []),
    ],
  };
}

function optionsProviders(options: WarrenAsyncOptions): readonly Provider[] {
  const { connection = DEFAULT_CONNECTION, useFactory, useClass, useExisting } = options;
  const provide = optionsToken(connection);
  if ([useFactory, useClass, useExisting].filter((way) => way !== undefined).length !== 1) {
    throw new ConfigurationError([
      `WarrenModule.forRootAsync (connection "${connection}") needs one of useFactory, useClass and useExisting`,
    ]);
  }
  if (useFactory !== undefined) return [{ provide, useFactory: useFactory as never, inject: options.inject ?? [] }];
  const factory = (useClass ?? useExisting) as NonNullable<typeof useClass>;
  const made = {
    provide,
    useFactory: (maker: WarrenOptionsFactory) => maker.createWarrenOptions(),
    inject: [factory],
  };
  return useClass === undefined ? [made] : [made, useClass];
}

function partsOf(connection: string): readonly Provider[] {
  const app = getTaskAppToken(connection);
  const made = `${app}:made`;
  return [
    {
      provide: made,
      inject: [optionsToken(connection), HandlerExplorer, ConnectionRegistry, ModuleRef, ApplicationConfig, EMBEDDING],
      useFactory: makeConnection(connection),
    },
    { provide: app, inject: [made], useFactory: (one: Connection) => one.app },
    { provide: getTaskClientToken(connection), inject: [made], useFactory: (one: Connection) => one.app.client },
    { provide: getDeadLettersToken(connection), inject: [made], useFactory: (one: Connection) => one.app.deadLetters },
    ...(connection === DEFAULT_CONNECTION
      ? BY_TYPE.map(({ type, token }): Provider => ({ provide: type, useExisting: token() }))
      : []),
  ];
}

const makeConnection =
  (name: string) =>
  async (
    given: WarrenModuleOptions,
    explorer: HandlerExplorer,
    registry: ConnectionRegistry,
    moduleRef: ModuleRef,
    config: ApplicationConfig,
    embedding: unknown,
  ): Promise<Connection> => {
    if (!registry.reserve(name)) {
      throw new ConfigurationError([
        `WarrenModule has two connections "${name}": import it once, or name the other with forRoot({ connection: '…' })`,
      ]);
    }
    const options = readModuleOptions(given);
    const found = explorer.of(name);
    const binder = new HandlerBinder(found, moduleRef, options.globalEnhancers, config);
    const bench = embedding instanceof Embedding ? embedding : undefined;
    const connection = await createConnection(name, options, found, binder, bench);
    registry.add(connection);
    return connection;
  };
