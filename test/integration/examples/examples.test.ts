import { spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

const root = resolve(__dirname, '../../..');
const TEST_TIMEOUT_MS = 60_000;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example as a person would, on a pipe. */
function run(example: string, environment: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(process.execPath, [resolve(root, `.build/examples/${example}/main.js`)], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

/** The lines in which each of these appears, which must be there in this order. */
function expectInOrder(text: string, expected: readonly RegExp[]): void {
  let rest = text.split('\n');
  for (const pattern of expected) {
    const at = rest.findIndex((line) => pattern.test(line));
    if (at === -1) throw new Error(`Not found, or not in this place: ${pattern}\nin:\n${text}`);
    rest = rest.slice(at + 1);
  }
}

const QUICKSTART_STORY = [
  /discovered .*4 tasks/,
  /payments\.charge .*payload Charge .*5 attempts/,
  /bound .*3 queues on /,
  /enqueued .*emails\.sendWelcome.*confirmed/,
  /done .*emails\.sendWelcome, attempt 1/,
  /failed .*attempt 1: the payment gateway answered 503; tried again in 500 ms/,
  /failed .*attempt 2: .*tried again in 1000 ms/,
  /done .*payments\.charge, attempt 3/,
  /failed .*attempt 3: there is no template "annual"; moved to reports\.dead/,
  /dead letter .*exhausted after 3 attempts/,
  /attempt 1 .*Error: there is no template "annual"/,
  /attempt 2 .*Error: there is no template "annual"/,
  /attempt 3 .*Error: there is no template "annual"/,
  /replayed .*1 dead letter/,
  /done .*reports\.build, attempt 1/,
  /refused .*emails\.sendWelcome, nothing was sent: INVALID_PAYLOAD/,
  /to: /,
  /name: /,
  /enqueued .*emails\.sendReminder: waits 2 s in the broker/,
  /done .*emails\.sendReminder, attempt 1/,
  /stopped /,
];

beforeAll(() => {
  // `npm test` has built dist/, which the examples import as users do.
  const tsc = resolve(root, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(tsc, ['-p', 'examples/tsconfig.json'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The examples do not compile; is dist/ built ("npm run build")?\n${stdout}`);
}, TEST_TIMEOUT_MS);

describe.each([
  { name: 'the embedded broker', url: 'memory:' },
  ...sharedBrokers().map(({ version, url }) => ({ name: `RabbitMQ ${version}`, url })),
])('the quickstart on $name', ({ url }) => {
  it(
    'tells its whole story, twice on one broker, and ends by itself',
    async () => {
      // A second run meets what the first one left.
      for (let round = 0; round < 2; round++) {
        const { code, stdout, stderr } = await run('quickstart', { AMQP_URL: url });
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expectInOrder(stdout, QUICKSTART_STORY);
        expect(Number(/it came ([\d.]+) s after it was sent/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(2);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there.
        expect(stdout).not.toMatch(/\u001b/);
      }
    },
    TEST_TIMEOUT_MS,
  );
});

describe('the schedules', () => {
  // On the embedded broker: on a shared one, schedules of other tests would be theirs, too.
  it(
    'go on when the leader stops, are added and triggered, and end by themselves',
    async () => {
      const { code, stdout, stderr } = await run('schedules', { AMQP_URL: undefined });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expectInOrder(stdout, [
        /worker-1 leads/,
        /ran heartbeat@.*: all is well/,
        /ran extra@.*: added while running/,
        /worker-1 stops/,
        /worker-2 leads/,
        /ran heartbeat@/,
        /triggered heartbeat@/,
        /heartbeat: every 1s, active, from code/,
      ]);
      const ids = [...stdout.matchAll(/ran (\S+):/g)].map(([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
    },
    TEST_TIMEOUT_MS,
  );
});

describe.each([
  { name: 'the embedded broker', url: 'memory:' },
  ...sharedBrokers().map(({ version, url }) => ({ name: `RabbitMQ ${version}`, url })),
])('the observability example on $name', ({ url }) => {
  it(
    'prints two tasks as two traces, and what was counted, and ends by itself',
    async () => {
      const { code, stdout, stderr } = await run('observability', { AMQP_URL: url });
      expect({ code, stdout: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, stdout: '' });
      expectInOrder(stdout, [
        /ms {2}POST \/orders$/,
        /ms {4}send orders$/,
        /ms {6}process orders \(attempt 1, Error\)/,
        /ms {8}POST gateway\/charges$/,
        /ms {8}retry orders \(attempt 1\)/,
        /ms {6}process orders \(attempt 2, Error, linked to 1\)/,
        /ms {6}process orders \(attempt 3, linked to 1\)/,
        /ms {8}ack orders \(attempt 3\)/,
        /ms {2}send orders$/,
        /ms {6}dead-letter orders \(attempt 3\)/,
        /^warren_tasks_enqueued_total\{queue="orders",task="orders\.charge"\} 2$/,
        /^warren_tasks_completed_total\{.*\} 1$/,
        /^warren_tasks_retried_total\{.*\} 4$/,
        /^warren_tasks_dead_lettered_total\{.*reason="exhausted"\} 1$/,
      ]);
      expect(stderr.match(/"traceId":"[\da-f]{32}"/g)).toHaveLength(5);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('the quickstart without a broker', () => {
  it('says what is wrong in one line, and ends with code 1', async () => {
    const { code, stderr } = await run('quickstart', { AMQP_URL: 'amqp://guest:secret-of-mine@127.0.0.1:1' });
    expect(code).toBe(1);
    expect(stderr.trim()).toMatch(
      /^ConnectionFailedError: Cannot connect to amqp:\/\/127\.0\.0\.1:1 \(unreachable\)[^\n]*$/,
    );
    expect(stderr).not.toContain('secret-of-mine');
  });
});

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'the microservices on RabbitMQ $version',
  ({ url }) => {
    it(
      'share tasks by contract, serve foreign events, and end by themselves',
      async () => {
        const { code, stdout, stderr } = await run('microservices', { AMQP_URL: url });
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(stdout.match(/done media\.resizeImage image-/g)).toHaveLength(8);
        for (const worker of ['worker-1', 'worker-2']) {
          expect(stdout).toMatch(new RegExp(`${worker} +done media\\.resizeImage`));
          expectInOrder(stdout, [
            new RegExp(`${worker} +ready on amqp:.*, health on http:`),
            new RegExp(`${worker} +stopped, 0 tasks given back`),
          ]);
        }
        expect(stdout).toMatch(/web +enqueued 8 images/);
        expect(stdout).toMatch(/worker-\d +done billing\.charge order-\w+-1/);
        expect(stdout).toMatch(/worker-\d +done billing\.refund order-\w+-2/);
        expectInOrder(stdout, [
          /worker-\d +dead letter billing\.charge order-\w+-3: invalid-payload/,
          /operator +order-\w+-3 is invalid-payload: cents: /,
          /operator +discarded 1 dead letter/,
        ]);
      },
      TEST_TIMEOUT_MS,
    );
  },
);
