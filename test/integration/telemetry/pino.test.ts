import { Writable } from 'node:stream';
import { IsString } from 'class-validator';
import { pino } from 'pino';
import {
  createTaskApp,
  fixed,
  type Logger,
  Task,
  type TaskAppOptions,
  type TaskContext,
  TaskQueue,
} from '../../../src';
import { telemetry } from '../../../src/telemetry';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { bounded } from '../../support/bounded';
import { startTracing } from '../../support/tracing';

class Letter {
  @IsString() to!: string;
  @IsString() code!: string;
}

type Line = Readonly<Record<string, unknown>>;

/** A logger of pino that keeps its lines. */
function recorded(level: string): { readonly logger: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  return { logger: pino({ level, base: null, timestamp: false }, sink), lines };
}

function letters() {
  const queue = uniqueName('letters');
  @TaskQueue(queue, { backoff: fixed('125ms'), maxAttempts: 2 })
  class Letters {
    @Task()
    send(letter: Letter, task: TaskContext): void {
      task.log.info({ to: letter.to }, 'sending');
      throw new Error('the server is away');
    }
  }
  return { queue, type: Letters, task: `${queue}.send` };
}

const url = `memory:${uniqueName('pino')}`;
const letter = { to: 'ada@example.com', code: 'secret-4711' };

/** Sends one letter to its dead-letter queue. */
async function sendOne(options: TaskAppOptions) {
  const { type, queue, task } = letters();
  const app = await startApp({ url, tasks: [type], ...options });
  const dead = app.once('task:dead-lettered');
  const { id } = await app.client.of(type).send(letter);
  await bounded('the dead letter', dead);
  await app.stop();
  return { id, queue, task };
}

afterEach(stopApps);

it('writes one line for each change of a task, each with its task, id, attempt, queue and trace', async () => {
  const tracing = startTracing();
  try {
    const { logger, lines } = recorded('debug');
    const { id, queue, task } = await sendOne({ logger, telemetry: telemetry({ traces: true }) });
    const { traceId } = tracing.span(`send ${queue}`).spanContext();
    const all = lines.filter((line) => line['id'] === id);
    for (const line of all) expect(line).toMatchObject({ task, id, queue, traceId });
    // The worker may have the task before its sender has the confirm.
    expect(all.map(({ msg }) => msg)).toContain('task enqueued');
    const own = all.filter(({ msg }) => msg !== 'task enqueued');
    expect(own.map(({ msg }) => msg)).toEqual([
      'task started',
      'sending',
      'task failed and will be retried',
      'task started',
      'sending',
      'task moved to the dead-letter queue',
    ]);
    expect(own.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 2, 2, 2]);
    expect(own[1]).toMatchObject({ to: letter.to });
  } finally {
    await tracing.stop();
  }
});

it('makes no line that nobody sees', async () => {
  const { logger, lines } = recorded('info');
  const { id } = await sendOne({ logger });
  expect(lines.filter((line) => line['id'] === id).map(({ msg }) => msg)).toEqual([
    'sending',
    'task failed and will be retried',
    'sending',
    'task moved to the dead-letter queue',
  ]);
});

it('never logs a payload, unless it is asked to, and then what the hook leaves of it', async () => {
  const silent = recorded('debug');
  await sendOne({ logger: silent.logger });
  expect(JSON.stringify(silent.lines)).not.toContain(letter.code);

  const asked = recorded('info');
  const { id, task } = await sendOne({
    logger: asked.logger,
    logPayload: (payload) => ({ ...(payload as Letter), code: '***' }),
  });
  expect(asked.lines.find(({ msg }) => msg === 'task payload')).toMatchObject({
    task,
    id,
    attempt: 1,
    payload: { to: letter.to, code: '***' },
  });
  expect(JSON.stringify(asked.lines)).not.toContain(letter.code);
});

it('runs the task all the same when the hook throws, and shows nothing', async () => {
  const { logger, lines } = recorded('info');
  await sendOne({
    logger,
    logPayload: (payload) => {
      throw new TypeError(`cannot redact ${(payload as Letter).code}`);
    },
  });
  expect(lines.map(({ msg }) => msg)).toContain('logPayload threw; the payload is not shown');
  expect(JSON.stringify(lines)).not.toContain(letter.code);
});

it('adds the fields itself where a logger has no children', async () => {
  const lines: Line[] = [];
  const keep = (fields: Line, message: string): void => void lines.push({ ...fields, message });
  const { id, task } = await sendOne({ logger: { debug: keep, info: keep, warn: keep, error: keep } });
  expect(lines.find(({ message }) => message === 'sending')).toEqual({
    task,
    id,
    attempt: 1,
    queue: expect.any(String),
    to: letter.to,
    message: 'sending',
  });
});

it('refuses a hook that is none', async () => {
  await expect(createTaskApp({ url, logPayload: true as never })).rejects.toThrow(
    'logPayload must be a function that gives what may be logged of a payload, got true',
  );
});
