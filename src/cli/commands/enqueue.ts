import type { Command } from 'commander';
import type { TaskApp } from '../../app/task-app';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import type { TaskContract } from '../../task/contract';
import type { EnqueueOptions } from '../../task/enqueue-options';
import { printable } from '../../text/printable';
import type { Duration } from '../../time/duration';
import { EXIT, type ExitCode } from '../exit-codes';
import { listenForInterrupt } from '../interrupt';
import { findContract } from '../known-contracts';
import { type CommonOptions, duration, header, instant, wholeNumber, withCommonOptions } from '../options';
import type { Output } from '../output';
import { openPayloadSource, type PayloadSource, type SourcedPayload } from '../payload-source';
import { Progress } from '../progress';
import type { Session } from '../session';
import { UsageError } from '../usage-error';

interface EnqueueCommandOptions extends CommonOptions {
  readonly queue?: string;
  readonly delay?: Duration;
  readonly at?: Date;
  readonly count?: number;
  readonly id?: string;
  readonly priority?: number;
  readonly header?: Readonly<Record<string, string>>;
  readonly correlationId?: string;
  readonly expiresIn?: Duration;
  readonly timeout?: Duration;
}

/** Tasks on their way at the same time. */
const WINDOW = 1_000;
/** Lines that failed and are told one by one; the rest is a number. */
const MAX_TOLD = 20;

export function addEnqueueCommand(program: Command, session: Session): void {
  const command = program
    .command('enqueue')
    .description('Enqueue a task. Its payload is checked where its contract is known, before anything is sent.')
    .argument('<task>', 'the name of the task')
    .argument('[payload]', 'JSON, @file with JSON (or JSON Lines: .jsonl), or - for JSON Lines from standard input')
    .option('--queue <name>', 'its queue, for a task that no file here defines')
    .option('--delay <duration>', 'wait in the broker first: 90s, 10m, 2h, 7d', duration)
    .option('--at <instant>', 'wait until then: 2026-12-24T18:00:00Z', instant)
    .option('--count <number>', 'enqueue the payload so many times', wholeNumber(1, 10_000_000))
    .option('--id <id>', "the task's id (default: a new UUID)")
    .option('--priority <number>', '0 to 255, higher goes first', wholeNumber(0, 255))
    .option('--header <name=value>', 'a header of your own; may be repeated', header)
    .option('--correlation-id <id>', 'carried along, for those who trace by it')
    .option('--expires-in <duration>', 'a dead letter, unless it has started by then', duration)
    .option('--timeout <duration>', 'how long the broker may take to confirm', duration);
  withCommonOptions(
    command,
    `warren enqueue emails.sendWelcome '{"to":"ada@example.com"}' --delay 10m`,
    'cat users.jsonl | warren enqueue emails.sendWelcome -',
  );
  command.action(async (task: string, payload: string | undefined, options: EnqueueCommandOptions) => {
    session.exitCode = await enqueue(task, payload, options, session);
  });
}

async function enqueue(
  task: string,
  argument: string | undefined,
  options: EnqueueCommandOptions,
  session: Session,
): Promise<ExitCode> {
  if (options.delay !== undefined && options.at !== undefined) throw new UsageError('give --delay or --at, not both');
  const source = openPayloadSource(argument, session.terminal.stdin);
  const many = source.kind === 'lines' || (options.count ?? 1) > 1;
  if (many && options.id !== undefined) throw new UsageError('--id names one task, and there are several');
  if (source.kind === 'lines' && options.count !== undefined) {
    throw new UsageError('--count repeats one payload, and there are several');
  }
  const output = session.output(options);
  const config = await session.config(options);
  return session.withApp(options, async (app) => {
    const { contract, checked } = findContract(task, options.queue, app, config);
    if (!checked)
      output.note(
        output.styleNote('yellow', `No contract of "${printable(task)}" is known here: the payload is not checked.`),
      );
    const sending = new Sending(app, contract, enqueueOptions(options));
    return many ? enqueueMany(sending, source, options.count, output) : enqueueOne(sending, source, output);
  });
}

function enqueueOptions(options: EnqueueCommandOptions): EnqueueOptions {
  const { delay, at, id, priority, header: headers, correlationId, expiresIn, timeout } = options;
  return {
    ...(delay === undefined ? {} : { delay }),
    ...(at === undefined ? {} : { runAt: at }),
    ...(id === undefined ? {} : { id }),
    ...(priority === undefined ? {} : { priority }),
    ...(headers === undefined ? {} : { headers }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(expiresIn === undefined ? {} : { expiresIn }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

async function enqueueOne(sending: Sending, source: PayloadSource, output: Output): Promise<ExitCode> {
  const sent = await sending.send(source.kind === 'one' ? source.payload : undefined);
  if (output.json) output.printJson(sent);
  else output.print(`Enqueued ${printable(sent.task)} ${printable(sent.id)} in ${printable(sent.queue)}.`);
  return EXIT.ok;
}

async function enqueueMany(
  sending: Sending,
  source: PayloadSource,
  count: number | undefined,
  output: Output,
): Promise<ExitCode> {
  const interruption = listenForInterrupt();
  const progress = new Progress(output, 'enqueued', source.kind === 'one' ? count : undefined);
  const payloads = source.kind === 'lines' ? source.lines : repeated(source.payload, count ?? 1);
  try {
    await sending.sendAll(payloads, interruption.signal, () => progress.increment());
  } finally {
    progress.stop();
    interruption.dispose();
  }
  const { enqueued, failures } = sending;
  const interrupted = interruption.signal.aborted;
  if (output.json)
    output.printJson({ enqueued, failed: failures.length, interrupted, failures: failures.slice(0, MAX_TOLD) });
  else {
    for (const { line, problem } of failures.slice(0, MAX_TOLD)) {
      output.note(printable(`${line === undefined ? '' : `line ${line}: `}${problem}`));
    }
    output.print(
      `Enqueued ${enqueued}${failures.length === 0 ? '' : `, failed ${failures.length}`}${interrupted ? ', interrupted' : ''}.`,
    );
  }
  if (interrupted) return EXIT.interrupted;
  if (sending.lostBroker) return EXIT.noBroker;
  return failures.length === 0 ? EXIT.ok : EXIT.problem;
}

async function* repeated(payload: unknown, count: number): AsyncGenerator<SourcedPayload> {
  for (let sent = 0; sent < count; sent++) yield { ok: true, payload, line: undefined };
}

interface LineFailure {
  readonly line: number | undefined;
  readonly problem: string;
}

/** Sends the payloads of one command, many at a time, and remembers what became of them. */
class Sending {
  enqueued = 0;
  readonly failures: LineFailure[] = [];
  lostBroker = false;

  constructor(
    private readonly app: TaskApp,
    private readonly contract: TaskContract,
    private readonly options: EnqueueOptions,
  ) {}

  send(payload: unknown) {
    return this.app.client.enqueue<unknown>(this.contract, payload as never, this.options);
  }

  /** Waits for everything that it has begun, also after an interruption. A lost broker ends it: nothing more can be sent. */
  async sendAll(payloads: AsyncIterable<SourcedPayload>, signal: AbortSignal, onSent: () => void): Promise<void> {
    const running = new Set<Promise<void>>();
    const stopped = new Promise<undefined>((resolve) =>
      signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    const iterator = payloads[Symbol.asyncIterator]();
    // Standard input may say nothing for a long time: an interruption does not wait for its next line.
    for (;;) {
      const next = signal.aborted ? undefined : await Promise.race([iterator.next(), stopped]);
      if (next === undefined || next.done === true || this.lostBroker) break;
      const sending = this.#sendOne(next.value, onSent).finally(() => running.delete(sending));
      running.add(sending);
      if (running.size >= WINDOW) await Promise.race(running);
    }
    await Promise.all(running);
  }

  async #sendOne(sourced: SourcedPayload, onSent: () => void): Promise<void> {
    if (!sourced.ok) {
      this.failures.push(sourced);
      return;
    }
    try {
      await this.send(sourced.payload);
      this.enqueued++;
      onSent();
    } catch (error) {
      if (error instanceof ConnectionClosedError) this.lostBroker = true;
      this.failures.push({ line: sourced.line, problem: error instanceof Error ? error.message : String(error) });
    }
  }
}
