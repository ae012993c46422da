import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import {
  type ClassType,
  DiscardTask,
  defineTask,
  fixed,
  SnoozeTask,
  Task,
  type TaskApp,
  type TaskAppOptions,
  type TaskContext,
  TaskQueue,
  type TaskQueueOptions,
} from '../../../src';
import { telemetry } from '../../../src/telemetry';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { bounded, eventually } from '../../support/bounded';
import { spanTree, startTracing, type Tracing } from '../../support/tracing';

/** A class with one task, on a queue of its own, that does what the test says. */
function jobs(handler: (task: TaskContext) => unknown, options: TaskQueueOptions = {}) {
  const queue = uniqueName('jobs');
  @TaskQueue(queue, { backoff: fixed('125ms'), maxAttempts: 2, ...options })
  class Jobs {
    @Task({ payload: 'none' })
    run(_payload: undefined, task: TaskContext): unknown {
      return handler(task);
    }
  }
  return { queue, type: Jobs };
}

const tracer = () => trace.getTracer('test');

/** Spans that a user sees of tasks, on whatever broker the URL names. */
export function describeTraces(brokerName: string, urlOf: () => string): void {
  describe(`traces of tasks on ${brokerName}`, () => {
    let tracing: Tracing;

    beforeEach(() => {
      tracing = startTracing();
    });
    afterEach(async () => {
      await stopApps();
      await tracing.stop();
    });

    const start = (type: ClassType | readonly ClassType[], options: TaskAppOptions = {}): Promise<TaskApp> =>
      startApp({
        url: urlOf(),
        tasks: Array.isArray(type) ? type : [type as ClassType],
        telemetry: telemetry({ traces: true }),
        ...options,
      });

    it('follows a task over two failures, its dead letter, a replay and its success as one trace', async () => {
      let fails = true;
      const { type, queue } = jobs(async ({ attempt }) => {
        await tracer().startActiveSpan('call the mailer', async (span) => span.end());
        if (fails) throw new RangeError(`no luck in attempt ${attempt}`);
      });
      const app = await start(type);
      const dead = app.once('task:dead-lettered');
      const request = tracer().startSpan('request');
      await tracer().startActiveSpan('enqueue it', {}, trace.setSpan(ROOT_CONTEXT, request), async (span) => {
        await app.client.of(type).run();
        span.end();
      });
      request.end();
      await bounded('the dead letter', dead);
      fails = false;
      await eventually(
        'the dead letter in its queue',
        () => app.deadLetters.count(queue),
        (count) => count === 1,
      );
      const completed = app.once('task:completed');
      await tracer().startActiveSpan('an operator', async (span) => {
        await app.deadLetters.replay(queue);
        span.end();
      });
      await bounded('the success', completed);

      const spans = tracing.spans(request.spanContext().traceId);
      expect(spanTree(spans)).toEqual([
        'request',
        '  enqueue it',
        `    send ${queue}`,
        `      process ${queue} !RangeError`,
        '        call the mailer',
        `        retry ${queue}`,
        `      process ${queue} #2 !RangeError <- process ${queue}`,
        '        call the mailer #2',
        `        dead-letter ${queue}`,
        `      replay ${queue} <- process ${queue} #2, elsewhere`,
        `      process ${queue} #3 <- replay ${queue}`,
        '        call the mailer #3',
        `        ack ${queue}`,
      ]);
      // The operator's own trace has the span of the operator, and nothing of the task.
      expect(tracing.spans(tracing.span('an operator').spanContext().traceId)).toHaveLength(1);
      const replayed = tracing.span(`replay ${queue}`);
      expect(replayed.links[1]?.context.traceId).toBe(tracing.span('an operator').spanContext().traceId);
    });

    it('names spans and attributes by the semantic conventions, and tells attempts, delays and reasons', async () => {
      const { type, queue } = jobs(() => {
        throw new RangeError('not today');
      });
      const app = await start(type);
      const dead = app.once('task:dead-lettered');
      const { id } = await app.client.of(type).run(undefined, { correlationId: 'order-1' });
      await bounded('the dead letter', dead);

      const sent = tracing.span(`send ${queue}`);
      const system = urlOf().startsWith('memory:') ? 'memory' : 'rabbitmq';
      const common = {
        'messaging.system': system,
        'messaging.destination.name': queue,
        'messaging.rabbitmq.destination.routing_key': queue,
        'messaging.message.id': id,
        ...(system === 'memory' ? {} : { 'server.address': '127.0.0.1', 'server.port': Number(new URL(urlOf()).port) }),
      };
      expect(sent.kind).toBe(SpanKind.PRODUCER);
      expect(sent.attributes).toEqual({
        ...common,
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.message.body.size': 4,
        'messaging.message.conversation_id': 'order-1',
        'warren.task': `${queue}.run`,
      });
      const [first, second] = tracing.spans().filter(({ name }) => name === `process ${queue}`);
      expect(first?.kind).toBe(SpanKind.CONSUMER);
      expect(first?.attributes).toEqual({
        ...common,
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.message.body.size': 4,
        'messaging.message.conversation_id': 'order-1',
        'warren.task': `${queue}.run`,
        'warren.attempt': 1,
        'warren.max_attempts': 2,
        'warren.outcome': 'failed',
        'error.type': 'RangeError',
      });
      expect(first?.events[0]).toMatchObject({ name: 'exception', attributes: { 'exception.message': 'not today' } });
      expect(second?.attributes).toMatchObject({ 'warren.attempt': 2 });
      const retried = tracing.span(`retry ${queue}`);
      expect(retried.kind).toBe(SpanKind.CLIENT);
      expect(retried.attributes).toEqual({
        ...common,
        'messaging.operation.name': 'retry',
        'messaging.operation.type': 'settle',
        'warren.attempt': 1,
        'warren.delay_ms': 125,
        'warren.next_attempt': 2,
      });
      expect(tracing.span(`dead-letter ${queue}`).attributes).toMatchObject({ 'warren.reason': 'exhausted' });
    });

    it('keeps delayed and snoozed tasks in their trace', async () => {
      let snoozes = 1;
      const { type, queue } = jobs(() => {
        if (snoozes-- > 0) throw new SnoozeTask('125ms', 'too early');
        throw new DiscardTask('nothing left to do');
      });
      const app = await start(type);
      const discarded = app.once('task:discarded');
      await app.client.of(type).run(undefined, { delay: '125ms' });
      await bounded('the end', discarded);
      expect(spanTree(tracing.spans())).toEqual([
        `send ${queue}`,
        `  process ${queue}`,
        `    snooze ${queue}`,
        `  process ${queue} #2 <- process ${queue}`,
        `    ack ${queue}`,
      ]);
      expect(tracing.span(`send ${queue}`).attributes).toMatchObject({ 'warren.delay_ms': 125 });
      expect(tracing.span(`snooze ${queue}`).attributes).toMatchObject({
        'warren.delay_ms': 125,
        'warren.next_attempt': 1,
      });
    });

    it('makes what a handler enqueues a child of its attempt, in whatever process that runs', async () => {
      const second = jobs(() => undefined);
      const app: { client?: TaskApp['client'] } = {};
      const first = jobs(async () => {
        await app.client?.of(second.type).run();
      });
      const worker = await start([first.type, second.type]);
      app.client = worker.client;
      const ended = worker.once('task:completed', ({ queue }) => queue === second.queue);
      await worker.client.of(first.type).run();
      await bounded('the second task', ended);
      await eventually(
        'all spans',
        () => tracing.spans().length,
        (count) => count === 6,
      );
      expect(spanTree(tracing.spans()).filter((line) => !line.includes('ack'))).toEqual([
        `send ${first.queue}`,
        `  process ${first.queue}`,
        `    send ${second.queue}`,
        `      process ${second.queue}`,
      ]);
    });

    it('begins a story with the first attempt where the sender gave none', async () => {
      const { type, queue } = jobs(({ attempt }) => {
        if (attempt === 1) throw new Error('again');
      });
      const sender = await startApp({ url: urlOf(), consume: false, tasks: [type] });
      const app = await start(type);
      const completed = app.once('task:completed');
      await sender.client.of(type).run();
      await bounded('completion', completed);
      expect(spanTree(tracing.spans())).toEqual([
        `process ${queue} !Error`,
        `  retry ${queue}`,
        `  process ${queue} #2 <- process ${queue}`,
        `    ack ${queue}`,
      ]);
    });

    it('tells a message that no handler gets, and one that could not be sent', async () => {
      const { type, queue } = jobs(() => undefined);
      const foreign = defineTask(`${queue}.unheard-of`, { queue, payload: 'unchecked' });
      const missing = defineTask('nowhere', { queue: uniqueName('nowhere'), payload: 'none' });
      const app = await start(type);
      const retried = app.once('task:retried');
      await app.client.enqueue(foreign, {});
      await bounded('the retry', retried);
      await expect(app.client.enqueue(missing)).rejects.toThrow(/nowhere/);
      expect(tracing.span(`process ${queue}`).attributes).toMatchObject({ 'error.type': 'unknown-task' });
      expect(tracing.span(`send ${missing.queue}`).attributes).toMatchObject({ 'error.type': 'UNROUTABLE' });
    });

    it('carries the decision not to sample along, and records nothing', async () => {
      await tracing.stop();
      tracing = startTracing(new AlwaysOffSampler());
      const seen: unknown[] = [];
      const { type } = jobs(({ attempt, headers }) => {
        seen.push(headers['traceparent'], Object.keys(headers));
        if (attempt === 1) throw new Error('again');
      });
      const app = await start(type);
      const completed = app.once('task:completed');
      await app.client.of(type).run();
      await bounded('completion', completed);
      expect(seen[0]).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
      expect(seen[2]).toBe(seen[0]);
      expect(tracing.spans()).toEqual([]);
    });
  });
}
