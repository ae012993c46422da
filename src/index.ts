export type { LimitOptions, TaskAppOptions } from './app/app-options';
export { createConsoleLogger } from './app/console-logger';
export { createTaskApp } from './app/create-task-app';
export type { LogPayload } from './app/log-payloads';
export { type AppState, TaskApp } from './app/task-app';
export type { WarrenConfig } from './app/warren-config';
export type { BrokerCredentials, CredentialsOption, PemSource, TlsOptions } from './broker/access';
export type { ConnectionState, ServerInfo, SubscriptionState, TopologyMode } from './broker/broker';
export { EnqueueManyError } from './client/enqueue-many-error';
export { TaskClient } from './client/task-client';
export type { DeadLetter } from './dead-letter/dead-letter';
export { DeadLetters } from './dead-letter/dead-letters';
export type { DeadLetterFilter } from './dead-letter/filter';
export type { DiscardOptions, EachOptions, ListOptions, ReplayOptions, ReplayProgress } from './dead-letter/options';
export type { TaskCatalog } from './decorators/catalog';
export { Task } from './decorators/task';
export type { ContractTaskOptions, TaskDefaults, TaskOptions } from './decorators/task-options';
export { TaskQueue } from './decorators/task-queue';
export type { QueueBindingOption, TaskQueueOptions } from './decorators/task-queue-options';
export {
  AccessRefusedError,
  AckTimeoutError,
  type ArgumentDifference,
  ConnectionFailedError,
  type ConnectionFailure,
  ConsumerMissingError,
  LockedError,
  QueueMissingError,
  TopologyConflictError,
  TopologyMissingError,
} from './errors/broker-errors';
export { ConfigurationError, NotStartedError } from './errors/configuration-error';
export type { ErrorCause, ThrownDescription } from './errors/describe-thrown';
export {
  BrokerBlockedError,
  ConnectionClosedError,
  InvalidOptionsError,
  InvalidPayloadError,
  MessageLimitError,
  NackedError,
  type PayloadProblem,
  PublishRefusedError,
  type PublishTarget,
  PublishTimeoutError,
  TooManyWaitingError,
  UnknownTaskError,
  UnroutableError,
  type WaitingLimit,
} from './errors/enqueue-errors';
export { HttpListenError } from './errors/http-listen-error';
export {
  InvalidScheduleError,
  type ScheduleRefusal,
  ScheduleRefusedError,
  ScheduleUnansweredError,
} from './errors/schedule-errors';
export { HandlerUnavailableError, ShuttingDownError, TaskTimeoutError } from './errors/task-errors';
export { type StoredAfter, WarrenError, type WarrenErrorCode } from './errors/warren-error';
export type { LogFields, Logger, LogLevel } from './events/logger';
export type { EventListener, EventName, TaskEndedEvent, TaskEvent, WarrenEvents } from './events/task-events';
export type { Telemetry } from './events/telemetry';
export type {
  AppHealth,
  ConnectionHealth,
  ConsumerHealth,
  ConsumerState,
  HealthReason,
  HealthReasonCode,
} from './health/app-health';
export type { HttpAnswer, HttpHandler } from './http/http-endpoint';
export type { HttpOptions } from './http/http-options';
export type { TaskCall, TaskInvocation, TaskMiddleware } from './middleware/middleware';
export type { ScheduleOption, ScheduleOptions } from './recurrence/schedule-options';
export { custom, exponential, fixed, linear } from './retry/backoff';
export type { ErrorClass, RetryOptions, RetryRuleOption } from './retry/normalize-retry';
export type { RunTimeSchedule, Schedules } from './schedule/schedules';
export type { ScheduleInfo } from './schedule/state/schedule-info';
export type { DeadLetterReason } from './settlement/outcome';
export type { ClassType } from './task/class-type';
export { duration } from './task/configured-duration';
export type { TaskContext, TaskFailure, TaskLog, WriteTaskLog } from './task/context';
export { type DefineTaskOptions, defineTask, type TaskContract } from './task/contract';
export type {
  ExchangeType,
  QueueBinding,
  QueueDefinition,
  QueueType,
  TaskDefinition,
  TaskHandler,
} from './task/definition';
export type { EnqueueOptions } from './task/enqueue-options';
export type { PayloadOption, PayloadType } from './task/payload-type';
export type { Backoff, BackoffInput, Jitter, RetryPolicy } from './task/retry-policy';
export type { CatchUp, Overlap, Recurrence, ScheduleDefinition, ScheduleRule, ScheduleSettings } from './task/schedule';
export { DiscardTask, FailTask, RetryTask, type RetryTaskOptions, SnoozeTask, TaskSignal } from './task/signals';
export type {
  EnqueueArguments,
  EnqueuedTask,
  EnqueueItem,
  EnqueueItems,
  EnqueueMethod,
  EnqueueResult,
  PayloadInput,
  TaskMethods,
  TaskSender,
} from './task/task-methods';
export type { Clock, Timer } from './time/clock';
export type { Duration } from './time/duration';
export { type FormatOptions, formatTopology, type TopologyFormat } from './topology/format';
export type { ArgumentValue, BindingSpec, ExchangeSpec, QueueSpec, Topology } from './topology/topology';
export type { HandlerResolver } from './worker/handler-resolver';
