import {
  BrokerBlockedError,
  ConnectionClosedError,
  InvalidOptionsError,
  InvalidPayloadError,
  MessageLimitError,
  NackedError,
  NotStartedError,
  PublishRefusedError,
  PublishTimeoutError,
  TooManyWaitingError,
  UnknownTaskError,
  UnroutableError,
} from '../../../src';
import { LIMIT_KEYS, OPTION_KEYS } from '../../../src/app/app-options';
import { EXIT } from '../../../src/cli/exit-codes';
import { BINDING_KEYS } from '../../../src/decorators/parse-bindings';
import { SCHEDULE_KEYS } from '../../../src/decorators/parse-schedules';
import { TASK_DEFAULT_KEYS } from '../../../src/decorators/parse-task-defaults';
import { QUEUE_KEYS } from '../../../src/decorators/parse-task-queue';
import { TASK_KEYS } from '../../../src/decorators/resolve-task';
import { WARREN_ERROR_CODES } from '../../../src/errors/warren-error';
import { HEADER } from '../../../src/message/headers';
import { DEAD_LETTER_REASONS } from '../../../src/settlement/outcome';
import { quotedIn, tableUnder } from '../../support/doc-tables';

const ERRORS = 'docs/look-up/errors.md';
const OPTIONS = 'docs/look-up/options.md';
const firstNames = (page: string, heading: string): readonly string[] =>
  tableUnder(page, heading).flatMap(([first]) => quotedIn(first));

it('the page of dead letters has every reason', () => {
  expect(new Set(firstNames('docs/do/dead-letters.md', '| reason '))).toEqual(new Set(DEAD_LETTER_REASONS));
});

it('the page of errors has every code', () => {
  const headings = [
    '## When enqueuing',
    '## At start-up',
    '## When schedules are changed',
    '## In tests',
    '## Inside a handler',
    '## In events',
  ];
  const codes = headings.flatMap((heading) => firstNames(ERRORS, heading));
  expect(new Set(codes)).toEqual(new Set(WARREN_ERROR_CODES));
});

describe('whether a task is stored after an error', () => {
  const target = { exchange: '', routingKey: 'q', messageId: 'id' };
  const errors = [
    new InvalidPayloadError('t', []),
    new InvalidOptionsError('t', []),
    new MessageLimitError('t', 'too large'),
    new UnknownTaskError('t', ''),
    new UnroutableError(target, 'NO_ROUTE'),
    new NackedError(target),
    new PublishRefusedError(target, 404, 'NOT_FOUND'),
    new TooManyWaitingError(target, { maxWaiting: 1 }, 'it is slow'),
    new PublishTimeoutError(target, 1),
    new ConnectionClosedError('it is lost'),
    new NotStartedError('enqueue', 'created'),
  ];
  const pages = [
    [ERRORS, '## When enqueuing', 1, 2],
    ['docs/do/enqueue.md', '## What can go wrong', 0, 1],
  ] as const;

  it.each(pages)('stands on %s as the code has it', (page, heading, nameColumn, storedColumn) => {
    const rows = tableUnder(page, heading);
    const told = new Map(
      rows.flatMap((row) => quotedIn(row[nameColumn]).map((name) => [name, row[storedColumn]?.replaceAll('*', '')])),
    );
    for (const { name, stored } of errors) {
      if (told.has(name)) expect([name, told.get(name)]).toEqual([name, stored]);
    }
    expect(told.get('BrokerBlockedError')).toBe('no; unknown if `sent`');
    expect(errors.filter(({ name }) => told.has(name)).length).toBeGreaterThan(7);
  });

  it.each([
    [false, 'no'],
    [true, 'unknown'],
  ])('of a blocked broker, sent %s: %s', (sent, stored) => {
    expect(new BrokerBlockedError(target, 'low on memory', sent).stored).toBe(stored);
  });
});

it.each([
  ['## App', OPTION_KEYS],
  ['### Limits', LIMIT_KEYS],
  ['## Queue', ['name', ...QUEUE_KEYS.filter((key) => !TASK_DEFAULT_KEYS.some((other) => other === key))]],
  ['A binding:', BINDING_KEYS],
  ['## Schedule', SCHEDULE_KEYS],
  ['## Task and class', TASK_KEYS],
])('the page of options has every option under %s', (heading, keys) => {
  expect(new Set(firstNames(OPTIONS, heading))).toEqual(new Set<string>(keys));
});

it('the page of the wire format has every header', () => {
  const told = firstNames('docs/look-up/wire-format.md', '## Headers').filter((name) => name.startsWith('warren-'));
  expect(new Set(told)).toEqual(new Set(Object.values(HEADER)));
});

it('the page of the command line has every exit code', () => {
  const told = tableUnder('docs/look-up/cli.md', '## Exit codes').map(([code]) => Number(code));
  expect(new Set(told)).toEqual(new Set(Object.values(EXIT)));
});
