import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Task, type TaskApp, TaskQueue } from '../../../src';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { eventually } from '../../support/bounded';
import { warren } from '../../support/command-line';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { TerminalProcess } from '../../support/terminal';
import { drainIds, fillLetters } from './letters';

const TASKS = join(__dirname, 'fixtures/*.tasks.cjs');
const ESCAPE = '\u001b';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
/** The other broker answers the same: what is tested here is the terminal. */
const url = String(sharedBrokers().at(-1)?.url);

describe('on a terminal', () => {
  let queue: string;
  let app: TaskApp;
  let folder: string;
  const onTerminal = (args: readonly string[], env: NodeJS.ProcessEnv = {}, columns = 80) =>
    new TerminalProcess([...args, '--url', url], { env: { TEST_QUEUE: queue, ...env }, columns });
  const count = () => app.deadLetters.count(queue);

  beforeEach(async () => {
    queue = uniqueName('cli-tty');
    folder = await mkdtemp(join(tmpdir(), 'warren-tty-'));
    @TaskQueue(queue)
    class Emails {
      @Task({ name: `${queue}.sendWelcome`, payload: 'unchecked' })
      sendWelcome(): void {}
    }
    app = await startApp({ url, tasks: [Emails], consume: false });
    await fillLetters(
      app,
      queue,
      Array.from({ length: 5 }, (_, index) => ({
        id: `letter-${index}`,
        payload: { to: 'ada@example.com', name: 'Ada' },
      })),
    );
  });
  afterEach(async () => {
    await stopApps();
    await rm(folder, { recursive: true, force: true });
  });

  it('asks before it discards, and takes y for an answer', async () => {
    const command = onTerminal(['dead', 'discard', queue, '--limit', '2']);
    await command.showed(/Discard 2 dead letters of .* for good\? \[y\/N\]/);
    command.type('y\r');
    expect(await command.ended()).toBe(0);
    expect(command.screen).toMatch(/Discarded 2 dead letters/);
    await eventually('the others', count, (left) => left === 3);
  });

  it.each<[string, string, number, RegExp]>([
    ['n', 'n\r', 2, /Nothing was discarded\./],
    ['Enter', '\r', 2, /Nothing was discarded\./],
    ['the end of the input', CTRL_D, 2, /Nothing was discarded\./],
    ['Ctrl-C', CTRL_C, 130, /error: interrupted/],
  ])('takes %s for no', async (_name, keys, code, told) => {
    const command = onTerminal(['dead', 'discard', queue]);
    await command.showed(/Discard 5 dead letters of .* for good\? \[y\/N\]/);
    command.type(keys);
    expect(await command.ended()).toBe(code);
    expect(command.screen).toMatch(told);
    expect(await count()).toBe(5);
  });

  it('shows colours, none under NO_COLOR, and none where it is no terminal', async () => {
    const colourful = onTerminal(['doctor', '--tasks', TASKS]);
    await colourful.ended();
    expect(colourful.screen).toContain(`${ESCAPE}[`);
    const plain = onTerminal(['doctor', '--tasks', TASKS], { NO_COLOR: '1' });
    await plain.ended();
    expect(plain.screen).toMatch(/note {4}5 dead letters in/);
    expect(plain.screen).not.toContain(ESCAPE);
    const piped = await warren(['doctor', '--tasks', TASKS, '--url', url], { env: { TEST_QUEUE: queue } });
    expect(piped.stdout + piped.stderr).not.toContain(ESCAPE);
  });

  it('draws a progress bar, which a pipe never sees', async () => {
    const command = onTerminal(['dead', 'replay', queue, '--yes', '--limit', '4']);
    expect(await command.ended()).toBe(0);
    expect(command.screen).toMatch(/replayed \[=+\] 100% 4\/4/);
    // The cursor is back.
    expect(command.screen).toMatch(new RegExp(`${'\\u001b'}\\[\\?25h`));
    expect((await drainIds(app, queue, 4)).size).toBe(4);
    const piped = await warren(['dead', 'replay', queue, '--yes', '--url', url]);
    expect(piped).toMatchObject({ code: 0, stderr: '', stdout: `Replayed 1 dead letter of ${queue}.\n` });
  });

  it('watches in 80 columns, in place, until Ctrl-C', async () => {
    const command = onTerminal(['status', queue, 'q'.repeat(150), '--watch', '--interval', '100ms']);
    await command.showed(/(?:READY[\s\S]*){3}/);
    command.type(CTRL_C);
    expect(await command.ended()).toBe(130);
    const views = command.screen.split(`${ESCAPE}[H${ESCAPE}[2J`).slice(1);
    expect(views.length).toBeGreaterThanOrEqual(3);
    const [view = ''] = views;
    const plain = stripVTControlCharacters(view);
    for (const line of plain.split('\r\n')) expect(line.length).toBeLessThanOrEqual(80);
    // Its five letters, and the queue that is not there.
    expect(view).toContain(`${ESCAPE}[31m5${ESCAPE}[39m`);
    expect(view).toMatch(new RegExp(`${'\\u001b'}\\[31mq+…`));
    expect(plain).toMatch(/READY +RUNNING +DEAD +CONSUMERS +IN +OUT +QUEUE/);
  });

  it('greets as a worker with versions, queues and tasks, logs for people, and stops on Ctrl-C', async () => {
    const command = onTerminal(['worker', TASKS, '--concurrency', '3']);
    await command.showed(/Ctrl-C stops/);
    expect(command.screen).toMatch(/warren \d+\.\d+\.\d+ on RabbitMQ \d+\.\d+\.\d+ at amqp:\/\/127\.0\.0\.1:\d+\r\n/);
    expect(command.screen).toMatch(
      new RegExp(` {2}${queue} {2}3 at a time {2}${queue}\\.order, ${queue}\\.sendWelcome`),
    );
    command.type(CTRL_C);
    expect(await command.ended()).toBe(0);
    expect(command.screen).toMatch(/info .*worker stopped/);
  });

  it('opens the editor, asks about what does not fit, and keeps the connection while people think', async () => {
    // Longer than three heartbeats of a second, after which both sides would give the connection up.
    await writeFile(
      join(folder, 'editor.sh'),
      'if grep -q ada@ "$1"; then sed -i s/ada@example.com/nobody/ "$1"; else sleep 4; sed -i s/nobody/eve@example.com/ "$1"; fi\n',
    );
    const config = join(folder, 'warren.config.json');
    await writeFile(config, JSON.stringify({ tasks: [TASKS], heartbeat: '1s' }));
    const command = onTerminal(['dead', 'replay', queue, '--limit', '1', '--edit', '--config', config], {
      EDITOR: `sh ${join(folder, 'editor.sh')}`,
    });
    await command.showed(/letter-0: to: to must be an email|letter-0: to: must be an email/);
    await command.showed(/Edit again\? \[Y\/n\]/);
    command.type('\r');
    expect(await command.ended()).toBe(0);
    expect(command.screen).toMatch(/Replayed 1 dead letter/);
    expect(await count()).toBe(4);
  }, 60_000);

  it('leaves every letter where it is when the question about the editor is answered with Ctrl-C', async () => {
    const command = onTerminal(['dead', 'replay', queue, '--edit', '--tasks', TASKS], {
      EDITOR: 'sed -i s/ada@example.com/nobody/',
    });
    await command.showed(/Edit again\? \[Y\/n\]/);
    command.type(CTRL_C);
    expect(await command.ended()).toBe(130);
    expect(command.screen).toMatch(/Replayed 0 dead letters/);
    await eventually('all letters', count, (left) => left === 5);
  });
});
