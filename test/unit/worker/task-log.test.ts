import type { Logger } from '../../../src/events/logger';
import { taskLog } from '../../../src/worker/task-log';

function setUp() {
  const lines: unknown[][] = [];
  const write =
    (level: string) =>
    (...all: unknown[]): void =>
      void lines.push([level, ...all]);
  const logger: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return { lines, log: taskLog(logger) };
}

it('takes fields and a text, a text alone, and a text before its fields', () => {
  const { lines, log } = setUp();
  log.info({ to: 'ada' }, 'sent');
  log.warn('slow');
  (log.error as (...all: unknown[]) => void)('failed', { code: 7 });
  expect(lines).toEqual([
    ['info', { to: 'ada' }, 'sent'],
    ['warn', {}, 'slow'],
    ['error', { code: 7 }, 'failed'],
  ]);
});
