import { inspect } from 'node:util';
import { DEFAULT_APP_OPTIONS, resolveAppOptions, type TaskAppOptions } from '../../../src/app/app-options';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import { SILENT_LOGGER } from '../../../src/events/logger';

const resolve = (options: unknown, environment: Record<string, string> = {}) =>
  resolveAppOptions(options as TaskAppOptions, environment, '/srv/shop');

it('has the documented defaults', () => {
  const resolved = resolve({});
  expect(resolved).toEqual({
    url: ['amqp://guest:guest@localhost:5672'],
    tasks: [],
    cwd: '/srv/shop',
    consume: true,
    concurrency: undefined,
    name: 'warren',
    defaults: {},
    keepUnknownTasksMs: 3_600_000,
    middleware: [],
    resolver: undefined,
    topology: 'assert',
    publishTimeoutMs: 15_000,
    maxInFlight: 1_000,
    maxWaiting: 10_000,
    maxPendingBytes: 268_435_456,
    connectTimeoutMs: 10_000,
    waitForBrokerMs: 0,
    heartbeatSeconds: 10,
    maxConsumerConnections: 16,
    fastPath: undefined,
    stopTimeoutMs: 30_000,
    handleSignals: undefined,
    http: undefined,
    limits: { maxBodyBytes: 1_048_576, maxDepth: 64, maxKeys: 10_000, maxValues: 100_000 },
    credentials: undefined,
    tls: undefined,
    logger: 'info',
    clock: undefined,
  });
  expect([resolved, resolved.limits, DEFAULT_APP_OPTIONS].every(Object.isFrozen)).toBe(true);
});

it('takes the URL from its options, else from AMQP_URL', () => {
  const environment = { AMQP_URL: 'amqp://from-environment' };
  expect(resolve({}, environment).url).toEqual(['amqp://from-environment']);
  expect(resolve({ url: 'memory:' }, environment).url).toEqual(['memory:']);
});

it('takes several hosts, as a list or with commas between them', () => {
  const hosts = ['amqp://a', 'amqp://b', 'amqp://c'];
  expect(resolve({ url: hosts }).url).toEqual(hosts);
  expect(resolve({ url: hosts.join(',') }).url).toEqual(hosts);
  expect(resolve({}, { AMQP_URL: hosts.join(', ') }).url).toEqual(hosts);
});

it.each<[TaskAppOptions, object]>([
  [{ consume: false }, { consume: false }],
  [{ consume: ['emails'] }, { consume: ['emails'] }],
  [{ heartbeat: '1500ms' }, { heartbeatSeconds: 2 }],
  [{ heartbeat: 0 }, { heartbeatSeconds: 0 }],
  [{ stopTimeout: 0 }, { stopTimeoutMs: 0 }],
  [
    { limits: { maxDepth: 5 } },
    { limits: { maxBodyBytes: 1_048_576, maxDepth: 5, maxKeys: 10_000, maxValues: 100_000 } },
  ],
  [{ http: false }, { http: undefined }],
  [{ http: { port: 9090 } }, { http: { port: 9090 } }],
  [{ http: { port: 0, host: '::1' } }, { http: { port: 0, host: '::1' } }],
  [{ logger: false }, { logger: false }],
  [{ logger: 'debug' }, { logger: 'debug' }],
  [{ logger: SILENT_LOGGER }, { logger: SILENT_LOGGER }],
  [
    { url: undefined as unknown as string, name: 'shop' },
    { url: [DEFAULT_APP_OPTIONS.url], name: 'shop' },
  ],
])('takes %j', (options, expected) => {
  expect(resolve(options)).toMatchObject(expected);
});

it.each<[unknown, string]>([
  [{ uri: 'x' }, 'unknown option "uri": did you mean "url"?'],
  [{ url: '' }, 'url must be a non-empty string, or an array of such'],
  [{ url: [] }, 'url is an empty list'],
  [{ url: ['amqp://a', 5] }, 'url must be a non-empty string, or an array of such'],
  [{ url: ['amqp://a', 'memory:'] }, 'url[1]: the broker URL cannot be used: it must begin with amqp://'],
  [{ url: ['amqp://a/x', 'amqp://b/y'] }, 'every url must name the same vhost'],
  [{ cwd: 5 }, 'cwd must be a non-empty string'],
  [{ tasks: '**/*.tasks.js' }, 'tasks must be an array of classes and globs'],
  [{ consume: 'emails' }, 'consume must be true, false or an array of queue names, got "emails"'],
  [{ consume: [5] }, 'consume must be'],
  [{ middleware: () => 1 }, 'middleware must be an array of functions'],
  [{ middleware: ['log'] }, 'middleware must be an array of functions'],
  [{ topology: 'create' }, "topology must be one of 'assert', 'verify', 'off', got \"create\""],
  [{ publishTimeout: 0 }, 'publishTimeout must be a duration'],
  [{ publishTimeout: '2h' }, 'from 1 ms to 1 h'],
  [{ connectTimeout: 99 }, 'connectTimeout must be'],
  [{ heartbeat: -1 }, 'heartbeat must be'],
  [{ keepUnknownTasks: '31d' }, 'keepUnknownTasks must be a duration'],
  [{ maxInFlight: 0 }, 'maxInFlight must be a whole number from 1 to 100000, got 0'],
  [{ maxWaiting: 1_000_001 }, 'maxWaiting must be a whole number from 1 to 1000000'],
  [{ maxPendingBytes: 33_554_431 }, 'maxPendingBytes must be a whole number from 33554432 to 68719476736'],
  [{ maxConsumerConnections: 1.5 }, 'maxConsumerConnections must be'],
  [{ stopTimeout: '25d' }, 'stopTimeout must be'],
  [{ handleSignals: 'yes' }, 'handleSignals must be true or false'],
  [{ limits: { maxBytes: 5 } }, 'unknown option "limits.maxBytes"'],
  [{ limits: { maxBodyBytes: 17 * 1024 * 1024 } }, 'limits.maxBodyBytes must be'],
  [{ limits: 5 }, 'limits must be an object, got 5'],
  [{ http: true }, 'http must be an object, got true'],
  [{ http: {} }, 'http.port must be a whole number from 0 to 65535, got undefined'],
  [{ http: { port: 70_000 } }, 'http.port must be a whole number from 0 to 65535, got 70000'],
  [{ http: { port: 80, host: '' } }, 'http.host must be a non-empty string'],
  [{ http: { prot: 80 } }, 'unknown option "http.prot": did you mean "port"?'],
  [{ http: { bind: 80 } }, 'unknown option "http.bind": valid are port, host'],
  [{ logger: true }, 'logger must be'],
  [{ logger: 'verbose' }, 'logger must be'],
  [{ logger: { info: () => undefined } }, 'logger must be'],
  [null, 'the options must be an object, got null'],
  ['amqp://broker', 'the options must be an object, got "amqp://broker"'],
])('refuses %j', (options, problem) => {
  expect(refusalOf(options).message).toContain(problem);
});

it('tells all mistakes at once', () => {
  const { problems } = refusalOf({
    typo: 1,
    url: ['amqp://a', 'b'],
    maxInFlight: -1,
    limits: { maxDepth: 0 },
    logger: 5,
  });
  expect(problems.map((problem) => /createTaskApp: ((?:unknown option )?\S+)/.exec(problem)?.[1])).toEqual([
    'unknown option "typo":',
    'url[1]:',
    'maxInFlight',
    'limits.maxDepth',
    'logger',
  ]);
});

it('never shows a URL, which holds a password', () => {
  const error = refusalOf({ url: ['amqp://app:c4n4ry@broker'], topology: 5 });
  expect(inspect(error, { depth: 9 })).not.toContain('c4n4ry');
});

function refusalOf(options: unknown): ConfigurationError {
  try {
    resolve(options);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the options were not refused');
}

it.each([
  [undefined, undefined, undefined],
  [true, undefined, true],
  [false, undefined, false],
  [true, 'off', false],
  [undefined, 'OFF', false],
  [undefined, '0', false],
  [true, 'on', true],
  [undefined, '', undefined],
])('fastPath %s with WARREN_FAST_PATH=%s is %s', (fastPath, variable, resolved) => {
  const given = fastPath === undefined ? {} : { fastPath };
  expect(resolveAppOptions(given, { WARREN_FAST_PATH: variable }, '/app').fastPath).toBe(resolved);
});
