import { createTaskApp, defineTask, InvalidScheduleError, NotStartedError, type TaskApp } from '../../../src';

const contract = defineTask('reports.build', { queue: 'reports', payload: 'unchecked' });
const apps: TaskApp[] = [];

async function started(): Promise<TaskApp> {
  const app = await createTaskApp({ url: 'memory:', schedules: true, handleSignals: false });
  apps.push(app);
  await app.start();
  return app;
}
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()));
});

type Call = (app: TaskApp, name: string) => Promise<unknown>;
const calls: readonly (readonly [string, Call])[] = [
  ['add', ({ schedules }, name) => schedules.add(name, contract, { every: '1h' })],
  ['replace', ({ schedules }, name) => schedules.replace(name, contract, { every: '1h' })],
  ['remove', ({ schedules }, name) => schedules.remove(name)],
  ['pause', ({ schedules }, name) => schedules.pause(name)],
  ['resume', ({ schedules }, name) => schedules.resume(name)],
  ['trigger', ({ schedules }, name) => schedules.trigger(name)],
];
/** What no schedule can be called, and the words of the error. */
const names: readonly (readonly [string, unknown, RegExp])[] = [
  ['nothing', undefined, /must be a string, got undefined/],
  ['null', null, /must be a string, got object/],
  ['a number', 42, /must be a string, got number/],
  ['a symbol', Symbol('report'), /must be a string, got symbol/],
  ['an object', { name: 'report' }, /must be a string, got object/],
  ['an object without a prototype', Object.create(null), /must be a string, got object/],
  ['an empty text', '', /must not be empty/],
  ['a text that is too long', 'r'.repeat(128), /may have at most 127 bytes/],
  ['a text with a space', 'my report', /must not contain spaces/],
  ['a text with a wildcard', 'report.*', /must not contain spaces, control characters, "\*"/],
  ['a lone surrogate', 'report\ud800', /must not contain lone surrogates/],
];

describe.each(calls)('schedules.%s', (_call, call) => {
  it.each(names)('refuses %s as a name', async (_what, name, problem) => {
    const refused = call(await started(), name as string);
    await expect(refused).rejects.toBeInstanceOf(InvalidScheduleError);
    await expect(refused).rejects.toThrow(problem);
  });

  it('of an app that has not started says so, whatever it is given', async () => {
    const app = await createTaskApp({ url: 'memory:', schedules: true });
    for (const name of ['report', '', Symbol('report')]) {
      await expect(call(app, name as string)).rejects.toBeInstanceOf(NotStartedError);
    }
    await app.stop();
  });
});

it.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /its task must be a contract made by defineTask\(\).*, got undefined/],
  ['null', null, /its task must be a contract.*, got null/],
  ['an object', { name: 'reports.build' }, /its task must be a contract.*, got an object/],
  ['a class', class Reports {}, /its task must be a contract.*, got the function or class Reports/],
  ['a name that no task has', 'reports.biuld', /there is no task "reports\.biuld" in this app/],
])('schedules.add refuses %s as a task', async (_what, task, problem) => {
  const { schedules } = await started();
  for (const change of [schedules.add.bind(schedules), schedules.replace.bind(schedules)]) {
    const refused = change('report', task as string, { every: '1h' });
    await expect(refused).rejects.toBeInstanceOf(InvalidScheduleError);
    await expect(refused).rejects.toThrow(problem);
  }
  expect(await schedules.list()).toEqual([]);
});

it.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /the options must be an object, got null/],
  ['null', null, /the options must be an object, got null/],
  ['a text', '@daily', /the options must be an object, got "@daily"/],
  ['a misspelt key', { every: '1h', catchup: 'all' }, /unknown option "catchup": did you mean "catchUp"/],
  ['a name, which is given already', { every: '1h', name: 'other' }, /unknown option "name"/],
])('schedules.add refuses %s as options', async (_what, options, problem) => {
  const { schedules } = await started();
  const refused = schedules.add('report', contract, options as { every: '1h' });
  await expect(refused).rejects.toBeInstanceOf(InvalidScheduleError);
  await expect(refused).rejects.toThrow(problem);
});
