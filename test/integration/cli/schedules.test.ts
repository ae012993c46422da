import { join } from 'node:path';
import { CommandProcess, type Ended, warren } from '../../support/command-line';
import { NEWEST_TESTED, type TestBroker } from '../../support/rabbitmq/broker';
import { startPrivateBroker } from '../../support/rabbitmq/shared-brokers';

const TASKS = join(__dirname, 'fixtures/scheduled.cjs');

describe('warren schedules', () => {
  let broker: TestBroker;
  let worker: CommandProcess | undefined;
  const run = (...args: readonly string[]): Promise<Ended> => warren(['schedules', ...args, '--url', broker.url]);
  const startWorker = async (): Promise<CommandProcess> => {
    worker = new CommandProcess(['worker', TASKS, '--url', broker.url]);
    await worker.said(/warren worker is ready/, 30_000);
    return worker;
  };

  beforeAll(async () => {
    broker = await startPrivateBroker({ series: NEWEST_TESTED });
  }, 120_000);
  afterEach(async () => {
    worker?.kill('SIGKILL');
    await worker?.ended();
    worker = undefined;
  });
  afterAll(() => broker.dispose(), 60_000);

  it('lists none where nobody ever had any', async () => {
    expect(await run('list')).toMatchObject({ code: 0, stdout: 'No schedules.\n' });
    expect(await run('pause', 'yearly')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not exist') as string,
    });
  }, 60_000);

  it('lists, triggers, pauses and resumes what a worker carries, which says it when it starts', async () => {
    const { stderr } = await startWorker();
    expect(stderr).toContain(
      '"schedules":[{"name":"yearly","rule":"0 0 1 1 * (Europe/Berlin)"},{"name":"hourly","rule":"every 1h"}]',
    );

    const listed = await run('list', '--json');
    expect(listed.code).toBe(0);
    expect(JSON.parse(listed.stdout)).toMatchObject([
      {
        name: 'hourly',
        rule: 'every 1h',
        state: 'active',
        origin: 'code',
        nextTick: expect.stringMatching(/:00:00\.000Z$/) as string,
      },
      {
        name: 'yearly',
        task: 'reports.build',
        queue: 'reports',
        nextTick: expect.stringMatching(/-12-31T23:00:00\.000Z$/) as string,
      },
    ]);

    const triggered = await run('trigger', 'yearly');
    expect(triggered).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Enqueued reports\.build \(yearly@.*\) in reports\.\n$/) as string,
    });
    await worker?.said(/built year/);

    expect(await run('pause', 'hourly', 'yearly')).toMatchObject({
      code: 0,
      stdout: 'Paused hourly.\nPaused yearly.\n',
    });
    expect((await run('list')).stdout).toMatch(/NAME.*\nhourly +every 1h +paused/);
    expect(await run('resume', 'hourly', '--json')).toMatchObject({ code: 0, stdout: '{"resumed":"hourly"}\n' });
  }, 120_000);

  it('says what is refused, and lists without a worker', async () => {
    const { code, stdout } = await run('list', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'hourly', state: 'active' },
      { name: 'yearly', state: 'paused' },
    ]);
    await startWorker();
    expect(await run('trigger', 'nothing')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Cannot trigger the schedule "nothing": there is none of this name') as string,
    });
  }, 120_000);

  it.each(['list', 'trigger', 'pause', 'resume'])('%s explains itself with an example', async (command) => {
    const { code, stdout } = await warren(['schedules', command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Example:\n  \\$ warren schedules ${command}`));
  });
});
