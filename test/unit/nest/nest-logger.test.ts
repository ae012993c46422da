import { ConsoleLogger, Logger as NestLogger } from '@nestjs/common';
import { createNestLogger } from '../../../src/nest/nest-logger';

const FIELDS = { task: 'emails.send', id: 'a', message: 'mailbox full', deep: { list: [1, 2, { x: 'y\u202e' }] } };

/** What Nest writes for one line of Warren's. */
function written(target: ConsoleLogger | { log(entry: unknown): void }): string[] {
  const out: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((part) => out.push(String(part)) > 0),
  );
  NestLogger.overrideLogger(target as ConsoleLogger);
  try {
    createNestLogger('default').info(FIELDS, 'task failed');
  } finally {
    for (const spy of spies) spy.mockRestore();
    NestLogger.overrideLogger(false);
  }
  return out;
}

it("writes one line through Nest's own logger, with the fields as JSON", () => {
  const [line = '', ...others] = written(new ConsoleLogger({ colors: false }));
  expect(others).toEqual([]);
  expect(line.trimEnd().split('\n')).toHaveLength(1);
  expect(line).toContain('[Warren] task failed {"');
  expect(JSON.parse(line.slice(line.indexOf('{')))).toEqual(FIELDS);
  expect(line).not.toContain('\u202e');
});

it('writes fields that are circular, too', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  NestLogger.overrideLogger(new ConsoleLogger({ colors: false }));
  const spy = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(() => createNestLogger('default').info(circle, 'odd')).not.toThrow();
  expect(spy).toHaveBeenCalledTimes(1);
  spy.mockRestore();
  NestLogger.overrideLogger(false);
});

it('gives fields of their own to a logger of JSON', () => {
  const [line = ''] = written(new ConsoleLogger({ json: true }));
  expect(line.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(line)).toMatchObject({
    context: 'Warren',
    message: { message: 'task failed', task: 'emails.send', detail: 'mailbox full' },
  });
});

it('gives an object to loggers of others, derived ones included', () => {
  const entries: unknown[] = [];
  class Own extends ConsoleLogger {
    override log(entry: unknown): void {
      entries.push(entry);
    }
  }
  written(new Own());
  written({ log: (entry: unknown) => void entries.push(entry) });
  const expected = expect.objectContaining({ message: 'task failed', id: 'a', detail: 'mailbox full' });
  expect(entries).toEqual([expected, expected]);
});
