import { knownNames } from '../../../src/cli/known-names';
import { defineTask } from '../../../src/task/contract';
import type { TaskDefinition } from '../../../src/task/definition';

const contract = (name: string, queue: string) => defineTask(name, { queue, payload: 'none' });
const task = (name: string, queue: string, ...schedules: string[]) =>
  ({ name, queue, schedules: schedules.map((schedule) => ({ name: schedule })) }) as unknown as TaskDefinition;

it('gives tasks, queues and schedules, sorted and each once', () => {
  const tasks = [task('b.run', 'b', 'nightly', 'hourly'), task('b.stop', 'b')];
  const contracts = [contract('a.run', 'a'), contract('b.run', 'b')];
  expect(knownNames('tasks', tasks, contracts)).toEqual(['a.run', 'b.run', 'b.stop']);
  expect(knownNames('queues', tasks, contracts)).toEqual(['a', 'b']);
  expect(knownNames('schedules', tasks, contracts)).toEqual(['hourly', 'nightly']);
});

it.each(['$(x)', '`x`', 'a;b', 'a|b', 'a&b', 'a>b', "a'b", 'a"b', 'a\\b', '*', '-x', 'a\u202eb'])(
  'gives no shell the name %j',
  (name) => {
    expect(knownNames('queues', [task('t', name)], [])).toEqual([]);
  },
);
