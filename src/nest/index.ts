export { TaskQueue } from '../decorators/task-queue';
export { embedBroker, getTestApp } from './embedding';
export { WarrenHealthIndicator, type WarrenHealthResult } from './health-indicator';
export type {
  GlobalEnhancer,
  WarrenAsyncOptions,
  WarrenConnectionOptions,
  WarrenModuleOptions,
  WarrenOptionsFactory,
  WarrenRootOptions,
} from './module-options';
export { Ctx, Payload } from './parameters';
export { type NestTaskDecorator, Task } from './task';
export { switchToTask, type TaskArgumentsHost, WARREN_CONTEXT, type WarrenContextType } from './task-host';
export { TaskRequest } from './task-request';
export {
  getDeadLettersToken,
  getTaskAppToken,
  getTaskClientToken,
  InjectDeadLetters,
  InjectTaskApp,
  InjectTaskClient,
  InjectTaskContext,
} from './tokens';
export { UseConnection } from './use-connection';
export { WarrenModule } from './warren-module';
