import { Task, TaskQueue } from '../../../src';
import { telemetry } from '../../../src/telemetry';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { bounded, eventually } from '../../support/bounded';
import { spanTree, startTracing } from '../../support/tracing';

it('a tick of a schedule begins a trace of its own', async () => {
  const tracing = startTracing();
  const queue = uniqueName('ticks');
  @TaskQueue(queue)
  class Ticks {
    @Task({ payload: 'none', schedule: { every: '1s' } })
    run(): void {}
  }
  try {
    const app = await startApp({ url: 'memory:', tasks: [Ticks], telemetry: telemetry({ traces: true }) });
    await bounded('a tick', app.once('task:completed'));
    await stopApps();
    const [first] = await eventually(
      'the span of the tick',
      () => tracing.spans().filter(({ name }) => name === `send ${queue}`),
      (spans) => spans.length > 0,
    );
    expect(spanTree(tracing.spans(first?.spanContext().traceId))).toEqual([
      `send ${queue}`,
      `  process ${queue}`,
      `    ack ${queue}`,
    ]);
  } finally {
    await stopApps();
    await tracing.stop();
  }
});
