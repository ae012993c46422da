import type { CredentialsOption, TlsOptions } from '../broker/access';
import type { TopologyMode } from '../broker/broker';
import type { TaskDefaults } from '../decorators/task-options';
import { ConfigurationError } from '../errors/configuration-error';
import { LOG_LEVELS, type Logger, type LogLevel } from '../events/logger';
import type { Telemetry } from '../events/telemetry';
import { type HttpOptions, readHttpOptions } from '../http/http-options';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../message/json-budget';
import type { TaskMiddleware } from '../middleware/middleware';
import { type DurationRange, OptionReader } from '../options/option-reader';
import type { ClassType } from '../task/class-type';
import type { Clock } from '../time/clock';
import { DAY, type Duration, HOUR, SECOND } from '../time/duration';
import type { HandlerResolver } from '../worker/handler-resolver';
import { type ResolvedConnectionOptions, readConnection } from './connection-options';
import type { LogPayload } from './log-payloads';

const MIB = 1024 * 1024;

/** How large, deep and wide a payload may be. Checked before anything is decoded, on both sides. */
export interface LimitOptions {
  /** Bytes of a body: 1 to 16 MiB, which is RabbitMQ's own limit since 4.0. @defaultValue 1048576 (1 MiB) */
  readonly maxBodyBytes?: number;
  /** Nested objects and arrays: 1 to 1,000. @defaultValue 64 */
  readonly maxDepth?: number;
  /** Keys of all objects together: 1 to 1,000,000. @defaultValue 10000 */
  readonly maxKeys?: number;
  /** Values of all arrays and objects together: 1 to 10,000,000. @defaultValue 100000 */
  readonly maxValues?: number;
}

/** Options of `createTaskApp`. */
export interface TaskAppOptions {
  /**
   * `amqp://user:password@host:5672/vhost` or `amqps://…`; user, password and vhost percent-encoded. `memory:` is an
   * embedded broker of this app alone, `memory:name` one that the process shares by name. Several hosts of one cluster
   * are a list, or stand in one text with commas between them; each connection goes to one, and on to the next when that
   * is lost.
   * @defaultValue the environment's `AMQP_URL`, else `amqp://guest:guest@localhost:5672`
   */
  readonly url?: string | readonly string[];
  /** Decorated classes, and globs of files that export some. Without any, the app only enqueues. @defaultValue none */
  readonly tasks?: readonly (ClassType | string)[];
  /** Where globs begin. @defaultValue `process.cwd()` */
  readonly cwd?: string;
  /** Whether to run tasks: all, none, or those of the queues named. @defaultValue `true` */
  readonly consume?: boolean | readonly string[];
  /**
   * Tasks of each queue that run at the same time here, whatever the queues themselves say: 1 to 10,000.
   * @defaultValue what each `@TaskQueue` says
   */
  readonly concurrency?: number;
  /**
   * Whether this process takes part in making the ticks of all schedules of the virtual host, and carries those in its code.
   * `true`: also where it has none, for schedules that are added while running; it need not run tasks then.
   * @defaultValue `true` where it runs tasks and one of them has a schedule
   */
  readonly schedules?: boolean;
  /** Who enqueues (`app_id`), and the beginning of connection names. @defaultValue `'warren'` */
  readonly name?: string;
  /** Retry policy and timeout of tasks whose class and decorator say nothing. */
  readonly defaults?: TaskDefaults;
  /**
   * How long messages are kept whose task no worker here knows, since a newer version may be rolling out that does: 0 to
   * 30 days. They go round through the delay queues meanwhile and lose no attempt, then stand among the dead letters.
   * @defaultValue `'1h'`
   */
  readonly keepUnknownTasks?: Duration;
  /** Wraps every handler, outermost first. @defaultValue none */
  readonly middleware?: readonly TaskMiddleware[];
  /** Where handler instances come from. @defaultValue one instance of each class, by `new` */
  readonly resolver?: HandlerResolver;
  /** Whether to declare the topology, only to look for it (`verify`), or neither. @defaultValue `'assert'` */
  readonly topology?: TopologyMode;
  /** How long an `enqueue` may take until its confirm: 1 ms to 1 h. @defaultValue `'15s'` */
  readonly publishTimeout?: Duration;
  /** Unconfirmed messages at a time: 1 to 100,000. @defaultValue 1000 */
  readonly maxInFlight?: number;
  /** Messages that wait for their turn while so many are in flight, or the broker is away or blocks: 1 to 1,000,000. One more is refused at once. @defaultValue 10000 */
  readonly maxWaiting?: number;
  /**
   * Bytes of the payloads that are in flight or wait, all together: 32 MiB to 64 GiB, so that there is room for what one
   * `enqueueMany` sends at a time. What comes on top is refused at once.
   * @defaultValue 268435456 (256 MiB)
   */
  readonly maxPendingBytes?: number;
  /** Bounds a handshake with the broker: 100 ms to 10 min. @defaultValue `'10s'` */
  readonly connectTimeout?: Duration;
  /**
   * Whether `start` waits for a broker that cannot be reached: not at all, for ever, or 1 s to 24 days. Each attempt is
   * told as `connection:changed`. What waiting does not heal, such as a wrong password, fails at once all the same.
   * @defaultValue `false`
   */
  readonly waitForBroker?: boolean | Duration;
  /** Between two heartbeats, whole seconds: 0 (none) to 1 h; a silent peer is noticed after two to three. @defaultValue `'10s'` */
  readonly heartbeat?: Duration;
  /** Connections that consume, shared by the queues in turn: 1 to 1,000. @defaultValue 16 */
  readonly maxConsumerConnections?: number;
  /**
   * Whether plain messages take a shorter way past amqplib, which saves CPU time. `true`: with any version
   * of amqplib. `WARREN_FAST_PATH=off` in the environment switches it off, whatever stands here.
   * @defaultValue with the versions of amqplib that Warren was tested with
   */
  readonly fastPath?: boolean;
  /** How long running tasks have when the app stops: 0 to 24 days. @defaultValue `'30s'` */
  readonly stopTimeout?: Duration;
  /** Whether SIGTERM, SIGINT and SIGHUP stop the app, and one that is sent again, half a second later or more, ends the process. @defaultValue `true` where tasks are run */
  readonly handleSignals?: boolean;
  /**
   * A small HTTP endpoint for those who watch the process: `/live` and `/ready`, 200 or 503, with the reasons as JSON. It
   * asks nobody who they are, and tells names of queues and connections.
   * @defaultValue `false`: off
   */
  readonly http?: HttpOptions | false;
  readonly limits?: LimitOptions;
  /**
   * Where user and password come from, if not from `url`: a function that is asked at every attempt to connect, and again
   * before they expire, each time with `connectTimeout` to answer; or `'external'`, the client's certificate.
   * @defaultValue the URL
   */
  readonly credentials?: CredentialsOption;
  /** For `amqps:`: authorities, client certificate, names. Certificates are verified unless you say otherwise. */
  readonly tls?: TlsOptions;
  /** A pino-shaped logger, a level for lines on standard error, or `false` for silence. @defaultValue `'info'` */
  readonly logger?: Logger | LogLevel | false;
  /**
   * What of each payload may stand in the log; `undefined`: nothing. Called before each attempt, with what the handler gets:
   * leave out what is secret. @defaultValue payloads are never logged
   */
  readonly logPayload?: LogPayload;
  /** Traces and metrics: `telemetry({ … })` of `warren/telemetry`. @defaultValue none */
  readonly telemetry?: Telemetry;
  /** Where time comes from; with `memory:`, delays and retries wait by it. @defaultValue the machine's own */
  readonly clock?: Clock;
}

/** Options of `createTaskApp`, read and checked: nothing behind this checks them again. */
export interface ResolvedAppOptions extends ResolvedConnectionOptions {
  readonly tasks: readonly (ClassType | string)[];
  readonly cwd: string;
  readonly consume: boolean | readonly string[];
  readonly concurrency: number | undefined;
  readonly schedules: boolean | undefined;
  readonly name: string;
  readonly defaults: TaskDefaults;
  readonly keepUnknownTasksMs: number;
  readonly middleware: readonly TaskMiddleware[];
  readonly resolver: HandlerResolver | undefined;
  readonly topology: TopologyMode;
  readonly publishTimeoutMs: number;
  readonly maxInFlight: number;
  readonly maxWaiting: number;
  readonly maxPendingBytes: number;
  readonly connectTimeoutMs: number;
  /** 0: not at all; `Infinity`: for ever. */
  readonly waitForBrokerMs: number;
  readonly heartbeatSeconds: number;
  readonly maxConsumerConnections: number;
  /** `undefined`: with versions of amqplib that it was tested with. */
  readonly fastPath: boolean | undefined;
  readonly stopTimeoutMs: number;
  readonly handleSignals: boolean | undefined;
  /** `undefined`: off. */
  readonly http: HttpOptions | undefined;
  readonly limits: JsonLimits;
  readonly logger: Logger | LogLevel | false;
  readonly logPayload: LogPayload | undefined;
  readonly telemetry: Telemetry | undefined;
  readonly clock: Clock | undefined;
}

export const DEFAULT_APP_OPTIONS = Object.freeze({
  url: 'amqp://guest:guest@localhost:5672',
  consume: true,
  name: 'warren',
  keepUnknownTasksMs: HOUR,
  topology: 'assert',
  publishTimeoutMs: 15 * SECOND,
  maxInFlight: 1_000,
  maxWaiting: 10_000,
  maxPendingBytes: 256 * MIB,
  connectTimeoutMs: 10 * SECOND,
  heartbeatMs: 10 * SECOND,
  maxConsumerConnections: 16,
  stopTimeoutMs: 30 * SECOND,
  logger: 'info',
} as const);

export const OPTION_KEYS = [
  'url',
  'credentials',
  'tasks',
  'cwd',
  'consume',
  'concurrency',
  'schedules',
  'name',
  'defaults',
  'keepUnknownTasks',
  'middleware',
  'resolver',
  'topology',
  'publishTimeout',
  'maxInFlight',
  'maxWaiting',
  'maxPendingBytes',
  'connectTimeout',
  'waitForBroker',
  'heartbeat',
  'maxConsumerConnections',
  'fastPath',
  'stopTimeout',
  'handleSignals',
  'http',
  'limits',
  'tls',
  'logger',
  'logPayload',
  'telemetry',
  'clock',
] as const satisfies readonly (keyof TaskAppOptions)[];
export const LIMIT_KEYS = [
  'maxBodyBytes',
  'maxDepth',
  'maxKeys',
  'maxValues',
] as const satisfies readonly (keyof LimitOptions)[];
const TOPOLOGY_MODES = ['assert', 'verify', 'off'] as const satisfies readonly TopologyMode[];
const MAX_BODY_BYTES = 16 * MIB;

const between = (minMs: number, maxMs: number, words: string): DurationRange => ({ minMs, maxMs, words });

/**
 * Reads the app's options. The only place that looks at the environment.
 * @throws ConfigurationError with every mistake.
 */
export function resolveAppOptions(
  options: TaskAppOptions,
  environment: NodeJS.ProcessEnv,
  cwd: string,
): ResolvedAppOptions {
  const problems: string[] = [];
  const reader = new OptionReader(options, 'createTaskApp', problems);
  reader.refuseUnknown(OPTION_KEYS);
  const base = readText(reader, 'cwd') ?? cwd;
  const resolved: ResolvedAppOptions = {
    // Empty is how a shell and a container say that a variable is not set.
    ...readConnection(reader, environment['AMQP_URL'] || DEFAULT_APP_OPTIONS.url, base),
    tasks: (reader.list('tasks', 'an array of classes and globs') as ResolvedAppOptions['tasks'] | undefined) ?? [],
    cwd: base,
    consume: readConsume(reader),
    concurrency: reader.wholeNumber('concurrency', 1, 10_000),
    schedules: reader.flag('schedules'),
    name: readText(reader, 'name') ?? DEFAULT_APP_OPTIONS.name,
    defaults: (reader.value('defaults') as TaskDefaults | undefined) ?? {},
    keepUnknownTasksMs:
      reader.duration('keepUnknownTasks', between(0, 30 * DAY, 'from 0 to 30 days')) ??
      DEFAULT_APP_OPTIONS.keepUnknownTasksMs,
    middleware: readMiddleware(reader),
    resolver: reader.value('resolver') as HandlerResolver | undefined,
    topology: reader.oneOf('topology', TOPOLOGY_MODES) ?? DEFAULT_APP_OPTIONS.topology,
    publishTimeoutMs:
      reader.duration('publishTimeout', between(1, HOUR, 'from 1 ms to 1 h')) ?? DEFAULT_APP_OPTIONS.publishTimeoutMs,
    maxInFlight: reader.wholeNumber('maxInFlight', 1, 100_000) ?? DEFAULT_APP_OPTIONS.maxInFlight,
    maxWaiting: reader.wholeNumber('maxWaiting', 1, 1_000_000) ?? DEFAULT_APP_OPTIONS.maxWaiting,
    maxPendingBytes:
      reader.wholeNumber('maxPendingBytes', 32 * MIB, 64 * 1024 * MIB) ?? DEFAULT_APP_OPTIONS.maxPendingBytes,
    connectTimeoutMs:
      reader.duration('connectTimeout', between(100, HOUR / 6, 'from 100 ms to 10 min')) ??
      DEFAULT_APP_OPTIONS.connectTimeoutMs,
    waitForBrokerMs: readWaitForBroker(reader),
    heartbeatSeconds: Math.ceil(
      (reader.duration('heartbeat', between(0, HOUR, 'from 0 to 1 h')) ?? DEFAULT_APP_OPTIONS.heartbeatMs) / SECOND,
    ),
    maxConsumerConnections:
      reader.wholeNumber('maxConsumerConnections', 1, 1_000) ?? DEFAULT_APP_OPTIONS.maxConsumerConnections,
    fastPath: readFastPath(reader, environment['WARREN_FAST_PATH']),
    stopTimeoutMs:
      reader.duration('stopTimeout', between(0, 24 * DAY, 'from 0 to 24 days')) ?? DEFAULT_APP_OPTIONS.stopTimeoutMs,
    handleSignals: reader.flag('handleSignals'),
    http: readHttpOptions(reader),
    limits: readLimits(reader),
    logger: readLogger(reader),
    logPayload: readLogPayload(reader),
    telemetry: readTelemetry(reader),
    clock: reader.value('clock') as Clock | undefined,
  };
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.freeze(resolved);
}

function readText(reader: OptionReader, key: string): string | undefined {
  const value = reader.value(key);
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  // Never the value: a URL holds a password.
  reader.note(`${key} must be a non-empty string`);
  return undefined;
}

function readConsume(reader: OptionReader): boolean | readonly string[] {
  const value = reader.value('consume');
  if (value === undefined) return DEFAULT_APP_OPTIONS.consume;
  if (typeof value === 'boolean') return value;
  if (Array.isArray(value) && value.every((queue) => typeof queue === 'string')) return value as readonly string[];
  reader.refuse('consume', 'true, false or an array of queue names');
  return DEFAULT_APP_OPTIONS.consume;
}

function readWaitForBroker(reader: OptionReader): number {
  const value = reader.value('waitForBroker');
  if (value === true) return Number.POSITIVE_INFINITY;
  if (value === undefined || value === false) return 0;
  return reader.duration('waitForBroker', between(SECOND, 24 * DAY, 'from 1 s to 24 days, or true or false')) ?? 0;
}

const SWITCHED_OFF = ['off', 'false', '0', 'no'];

/** The environment is the operator's, who may have to act without a new build. */
function readFastPath(reader: OptionReader, variable: string | undefined): boolean | undefined {
  const wanted = reader.flag('fastPath');
  return variable !== undefined && SWITCHED_OFF.includes(variable.toLowerCase()) ? false : wanted;
}

function readMiddleware(reader: OptionReader): readonly TaskMiddleware[] {
  const expected = 'an array of functions';
  const list = reader.list('middleware', expected) ?? [];
  if (list.every((middleware) => typeof middleware === 'function')) return list as readonly TaskMiddleware[];
  reader.refuse('middleware', expected);
  return [];
}

function readLogger(reader: OptionReader): Logger | LogLevel | false {
  const value = reader.value('logger') ?? DEFAULT_APP_OPTIONS.logger;
  if (value === false || LOG_LEVELS.some((level) => level === value)) return value as LogLevel | false;
  const methods: unknown[] =
    typeof value === 'object' ? LOG_LEVELS.map((level) => Reflect.get(value, level)) : [undefined];
  if (methods.every((method) => typeof method === 'function')) return value as Logger;
  reader.refuse(
    'logger',
    `false, one of ${LOG_LEVELS.map((level) => `'${level}'`).join(', ')}, or an object with these methods`,
  );
  return false;
}

function readLogPayload(reader: OptionReader): LogPayload | undefined {
  const value = reader.value('logPayload');
  if (value === undefined || typeof value === 'function') return value as LogPayload | undefined;
  return reader.refuse('logPayload', 'a function that gives what may be logged of a payload');
}

function readTelemetry(reader: OptionReader): Telemetry | undefined {
  const value = reader.value('telemetry');
  if (value === undefined) return undefined;
  const observe: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'observe') : undefined;
  if (typeof observe === 'function') return value as Telemetry;
  return reader.refuse('telemetry', 'what telemetry() of warren/telemetry gives');
}

function readLimits(reader: OptionReader): JsonLimits {
  const given = reader.value('limits');
  const limits = given === undefined ? undefined : reader.nested('limits', given);
  limits?.refuseUnknown(LIMIT_KEYS);
  const { maxBodyBytes, maxDepth, maxKeys, maxValues } = DEFAULT_JSON_LIMITS;
  return Object.freeze({
    maxBodyBytes: limits?.wholeNumber('maxBodyBytes', 1, MAX_BODY_BYTES) ?? maxBodyBytes,
    maxDepth: limits?.wholeNumber('maxDepth', 1, 1_000) ?? maxDepth,
    maxKeys: limits?.wholeNumber('maxKeys', 1, 1_000_000) ?? maxKeys,
    maxValues: limits?.wholeNumber('maxValues', 1, 10_000_000) ?? maxValues,
  });
}
