import { PassThrough } from 'node:stream';
import { createTaskApp } from '../../../src';
import { Output, type Terminal } from '../../../src/cli/output';
import { readStatus, statusText } from '../../../src/cli/queue-status';
import { AccessRefusedError } from '../../../src/errors/broker-errors';
import type { ScheduleInfo } from '../../../src/schedule/state/schedule-info';

const terminal = {
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  stdin: new PassThrough(),
} as unknown as Terminal;
const schedule = (name: string, state: ScheduleInfo['state'], problem?: string): ScheduleInfo =>
  ({ name, state, problem }) as ScheduleInfo;

async function statusWith(list: () => Promise<readonly ScheduleInfo[]>) {
  const app = await createTaskApp({ url: 'memory:' });
  await app.start();
  try {
    jest.spyOn(app.schedules, 'list').mockImplementation(list);
    return await readStatus(['emails'], app, undefined);
  } finally {
    await app.stop();
  }
}

it('names schedules that are stored and cannot be used, without control characters', async () => {
  const status = await statusWith(async () => [
    schedule('reports.build', 'active'),
    schedule('sweep\u001b[31m', 'unusable', 'the time zone "Mars/Olympus" is not known'),
  ]);
  expect(status.unusableSchedules).toEqual([
    { name: 'sweep\u001b[31m', problem: 'the time zone "Mars/Olympus" is not known' },
  ]);
  expect(statusText(status, new Output(terminal, false))).toContain(
    'The schedule "sweep\\u{1b}[31m" makes no ticks: the time zone "Mars/Olympus" is not known',
  );
});

it('shows the queues where nobody may look at the schedules', async () => {
  const refused = new AccessRefusedError('read queue "warren.schedules.view"', 'refused');
  const status = await statusWith(() => Promise.reject(refused));
  expect(status.unusableSchedules).toEqual([]);
  expect(statusText(status, new Output(terminal, false))).not.toContain('schedule');
});
