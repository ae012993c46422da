import { Inject } from '@nestjs/common';

/** The connection of `forRoot` and of handlers where nobody names one. */
export const DEFAULT_CONNECTION = 'default';

type Part = 'options' | 'app' | 'client' | 'dead-letters';

const tokenOf = (part: Part, connection: string): string => `warren:${part}:${connection}`;

/** The token of a connection's options. */
export const optionsToken = (connection = DEFAULT_CONNECTION): string => tokenOf('options', connection);

/** The token of a connection's `TaskApp`, for `module.get` and `overrideProvider`. */
export const getTaskAppToken = (connection = DEFAULT_CONNECTION): string => tokenOf('app', connection);

/** The token of a connection's `TaskClient`, for `module.get` and `overrideProvider`. */
export const getTaskClientToken = (connection = DEFAULT_CONNECTION): string => tokenOf('client', connection);

/** The token of a connection's `DeadLetters`, for `module.get` and `overrideProvider`. */
export const getDeadLettersToken = (connection = DEFAULT_CONNECTION): string => tokenOf('dead-letters', connection);

/** The token of the task's context in request-scoped providers; `undefined` where no task runs. */
export const TASK_CONTEXT = 'warren:task-context';

/** What a testing module puts in place of the broker. */
export const EMBEDDING = 'warren:embedding';

/** Injects the `TaskClient` of a connection. @param connection - its name; without one, the default. */
export const InjectTaskClient = (connection?: string) => Inject(getTaskClientToken(connection));

/** Injects the `TaskApp` of a connection: its events, its catalog, its state. */
export const InjectTaskApp = (connection?: string) => Inject(getTaskAppToken(connection));

/** Injects the `DeadLetters` of a connection. */
export const InjectDeadLetters = (connection?: string) => Inject(getDeadLettersToken(connection));

/**
 * Injects the context of the running task. The provider becomes request-scoped: made anew for each delivery. Where it is
 * made for something else, an HTTP request say, it is `undefined`.
 */
export const InjectTaskContext = () => Inject(TASK_CONTEXT);
