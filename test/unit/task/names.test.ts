import { nameProblem, queueNameProblem } from '../../../src/task/names';

it.each(['emails', 'emails.sendVerification', 'größe/日本', '__proto__', 'constructor', 'a'.repeat(127)])(
  'takes the task name %p',
  (name) => {
    expect(nameProblem(name, 'a task name')).toBeUndefined();
  },
);

it.each<[unknown, string]>([
  [undefined, 'a task name must be a string, got undefined'],
  [7, 'a task name must be a string, got number'],
  ['', 'a task name must not be empty'],
  ['a'.repeat(128), 'at most 127 bytes'],
  ['é'.repeat(64), 'at most 127 bytes'],
  ['a\ud83db', 'must not contain lone surrogates: "a\\ud83db"'],
  ['send mail', 'must not contain spaces'],
  ['send\u00a0mail', 'must not contain spaces'],
  ['send\n', '"send\\n"'],
  ['send\u001b[31m', '"send\\u001b[31m"'],
  ['order.*', 'must not contain spaces, control characters, "*" or "#"'],
  ['order.#', 'must not contain'],
])('refuses the task name %p', (name, problem) => {
  expect(nameProblem(name, 'a task name')).toContain(problem);
});

it('takes queue names of up to 190 bytes, and none that RabbitMQ keeps for itself', () => {
  expect(queueNameProblem('q'.repeat(190))).toBeUndefined();
  expect(queueNameProblem('amqp')).toBeUndefined();
  expect(queueNameProblem('q'.repeat(191))).toContain('at most 190 bytes');
  expect(queueNameProblem('amq.emails')).toContain('must not begin with "amq."');
  expect(queueNameProblem(undefined)).toBe('a queue name must be a string, got undefined');
});

it.each([
  ['warren.delay.03', 'begin with "warren."'],
  ['warren.schedules', 'begin with "warren."'],
  ['warren.anything', 'begin with "warren."'],
  ['warren.', 'begin with "warren."'],
  ['amq.topic', 'begin with "amq."'],
  ['amq.rabbitmq.reply-to', 'begin with "amq."'],
  ['emails.dead', 'end with ".dead"'],
  ['emails.dead.replay', 'end with ".replay"'],
  ['emails.replay', 'end with ".replay"'],
  ['emails.suspects', 'end with ".suspects"'],
  ['emails.migrating', 'end with ".migrating"'],
  ['emails.migrating.lock', 'end with ".lock"'],
  ['emails.dead.replay.lock', 'end with ".lock"'],
  ['.dead', 'end with ".dead"'],
])('refuses the reserved queue name %s, with what to do instead', (name, problem) => {
  expect(queueNameProblem(name)).toContain(problem);
  expect(queueNameProblem(name)).toMatch(/hoose another name/);
});

it.each(['dead', 'emails.deadlines', 'deadline', 'suspects', 'warren', 'warrenty.emails', 'emails.lock.a', 'amqp.x'])(
  'takes the queue name %s, which only looks like a reserved one',
  (name) => {
    expect(queueNameProblem(name)).toBeUndefined();
  },
);
