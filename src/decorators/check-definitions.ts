import type { QueueDefinition, TaskDefinition } from '../task/definition';

/** Notes tasks that share a name: a message carries only the name, so names must be unique. */
export function noteDuplicateNames(tasks: readonly TaskDefinition[], problems: string[]): void {
  for (const [name, same] of groupBy(tasks, (task) => [task.name])) {
    if (same.length < 2) continue;
    const labels = same.map((task) => task.handler.label);
    const remedy =
      new Set(labels).size === 1
        ? 'Two classes have the same name: a file may be loaded twice, from "src" and from "dist", say'
        : "Give one of them another name, @Task({ name: '…' })";
    problems.push(`the task name "${name}" is taken by ${labels.join(' and ')}. ${remedy}`);
  }
}

/** Notes schedules of one name: their runs would have the same ids. */
export function noteDuplicateSchedules(tasks: readonly TaskDefinition[], problems: string[]): void {
  const named = tasks.flatMap(({ schedules, handler }) =>
    schedules.map(({ name }) => ({ name, label: handler.label })),
  );
  for (const [name, same] of groupBy(named, (schedule) => [schedule.name])) {
    if (same.length < 2) continue;
    const labels = same.map(({ label }) => label).join(' and ');
    problems.push(`the schedule name "${name}" is taken by ${labels}. Give one of them another name`);
  }
}

/** Notes routing keys that can pick no task, or more than one. */
export function noteRoutingKeys(
  tasks: readonly TaskDefinition[],
  queues: readonly QueueDefinition[],
  problems: string[],
): void {
  for (const queue of queues) {
    const routed = tasks.filter((task) => task.queue === queue.name && task.routingKeys.length > 0);
    for (const [key, same] of groupBy(routed, (task) => task.routingKeys)) {
      if (same.length < 2) continue;
      const labels = same.map((task) => task.handler.label).join(' and ');
      problems.push(
        `queue "${queue.name}": the routing key "${key}" is taken by ${labels}. One message goes to one task`,
      );
    }
    if (queue.bindings.length > 0) continue;
    for (const { handler } of routed) {
      problems.push(
        `${handler.label}: routingKey picks messages of other exchanges, and queue "${queue.name}" is bound to none: give its @TaskQueue "bindings"`,
      );
    }
  }
}

function groupBy<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
