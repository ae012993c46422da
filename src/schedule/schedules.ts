import type { Broker } from '../broker/broker';
import type { EncodedPayload } from '../client/sent-task';
import { QueueMissingError } from '../errors/broker-errors';
import { ConfigurationError } from '../errors/configuration-error';
import { truncateBytes } from '../errors/describe-thrown';
import { ConnectionClosedError, UnroutableError } from '../errors/enqueue-errors';
import { InvalidScheduleError, ScheduleRefusedError, ScheduleUnansweredError } from '../errors/schedule-errors';
import { describeValue } from '../options/describe-value';
import { OptionReader } from '../options/option-reader';
import { parseScheduleSettings, SCHEDULE_SETTING_KEYS } from '../recurrence/parse-schedule';
import type { ScheduleOptions } from '../recurrence/schedule-options';
import { isTaskContract, type TaskContract } from '../task/contract';
import { nameProblem } from '../task/names';
import type { EnqueuedTask, PayloadInput } from '../task/task-methods';
import type { Clock, Timer } from '../time/clock';
import { SCHEDULES_QUEUE, SCHEDULES_VIEW } from '../topology/names';
import { tickId } from './decide/due';
import { storageProblem } from './state/limits';
import { scheduleMessage } from './state/message-json';
import type { ScheduleCommand } from './state/messages';
import { type ScheduleInfo, scheduleInfos } from './state/schedule-info';
import { storedSchedule } from './state/schedule-json';
import type { ScheduleState, StoredSchedule } from './state/state';
import { readView, type ViewedState } from './state/view';

/** When a task runs that is scheduled while running. Give either `cron` or `every`. */
export type RunTimeSchedule<P = unknown> = Omit<ScheduleOptions, 'name' | 'payload'> & {
  /** What each run is given. */
  readonly payload?: PayloadInput<P>;
};

export interface SchedulesParts {
  readonly broker: Broker;
  readonly clock: Clock;
  /** Real time, also where the app's clock stands still: how long an answer is waited for. */
  readonly patience: Clock;
  readonly timeoutMs: number;
  readonly contentType: string;
  readonly newId: () => string;
  /** The contract of one of this app's own tasks. */
  readonly contractNamed: (task: string) => TaskContract | undefined;
  readonly encode: (contract: TaskContract, payload: unknown) => Promise<EncodedPayload>;
  /** Throws while nothing can be sent. */
  readonly assertReady: (action: string) => void;
}

const FIRST_LOOK_MS = 10;
const MAX_LOOK_MS = 250;
/** A copy that somebody else looks at is back within milliseconds. */
const LOOKS_FOR_HIDDEN = 5;
const KEYS = ['payload', ...SCHEDULE_SETTING_KEYS] as const satisfies readonly (keyof RunTimeSchedule)[];

/**
 * The schedules of a virtual host: those in the code of workers, and those that are added while running. Any process can
 * change them; the worker that leads does it, within milliseconds.
 */
export class Schedules {
  constructor(private readonly parts: SchedulesParts) {}

  /**
   * Schedules a task. The schedule stays until it is removed, whichever processes come and go.
   *
   * @param name - 1 to 127 bytes without spaces, unique in the virtual host.
   * @param task - a contract, or the name of a task of this app.
   * @throws InvalidScheduleError, NotStartedError: nothing was sent.
   * @throws ScheduleRefusedError, ScheduleUnansweredError
   * @throws QueueMissingError when no worker with schedules has ever run here; see the option `schedules`.
   *
   * @example
   * ```ts
   * await app.schedules.add('report:42', buildReport, { cron: '0 7 * * 1', timeZone: 'Europe/Berlin', payload: { id: 42 } });
   * ```
   */
  async add<P>(name: string, task: TaskContract<P> | string, schedule: RunTimeSchedule<P>): Promise<void> {
    await this.#change(name, { kind: 'add', schedule: await this.#resolve('add', name, task, schedule) });
  }

  /** As `add`, and takes the place of one of this name that was added before. It stays paused if it was. */
  async replace<P>(name: string, task: TaskContract<P> | string, schedule: RunTimeSchedule<P>): Promise<void> {
    await this.#change(name, { kind: 'replace', schedule: await this.#resolve('replace', name, task, schedule) });
  }

  /** Removes one that was added while running. What it has enqueued stays. @throws InvalidScheduleError, ScheduleRefusedError, ScheduleUnansweredError */
  async remove(name: string): Promise<void> {
    await this.#change(name, { kind: 'remove', name });
  }

  /** Makes no more ticks, also of new versions of the code, until it is resumed. @throws InvalidScheduleError, ScheduleRefusedError, ScheduleUnansweredError */
  async pause(name: string): Promise<void> {
    await this.#change(name, { kind: 'pause', name });
  }

  /** Makes ticks again, from now on. @throws InvalidScheduleError, ScheduleRefusedError, ScheduleUnansweredError */
  async resume(name: string): Promise<void> {
    await this.#change(name, { kind: 'resume', name });
  }

  /**
   * Runs it once, now, whether or not it is paused or its last run has ended.
   * @returns the task.
   * @throws ScheduleRefusedError, ScheduleUnansweredError
   */
  async trigger(name: string): Promise<EnqueuedTask> {
    this.#assertName('trigger', name);
    const taskId = `${tickId(name, this.parts.clock.now())}!${this.parts.newId().slice(0, 8)}`;
    const state = await this.#change(name, { kind: 'trigger', name, taskId });
    const { task = '', queue = '' } = state.entries.get(name)?.schedule ?? {};
    return { id: taskId, task, queue };
  }

  /** All schedules by name, with their last and their next tick. Looks only, and needs no worker. */
  async list(): Promise<readonly ScheduleInfo[]> {
    this.parts.assertReady('list schedules');
    try {
      for (let look = 1; look <= LOOKS_FOR_HIDDEN; look++) {
        const state = await readView(this.parts.broker);
        if (state === 'newer') throw newerVersion();
        if (typeof state !== 'string') return scheduleInfos(state, this.parts.clock.now());
        if (state === 'garbled' && look === LOOKS_FOR_HIDDEN) throw garbledCopy();
        await this.#pause(FIRST_LOOK_MS * look);
      }
    } catch (error) {
      if (!(error instanceof QueueMissingError)) throw error;
    }
    return [];
  }

  async #resolve(
    action: 'add' | 'replace',
    name: string,
    task: TaskContract | string,
    schedule: RunTimeSchedule,
  ): Promise<StoredSchedule> {
    this.parts.assertReady(`${action} a schedule`);
    const problems: string[] = [];
    const contract: unknown = typeof task === 'string' ? this.parts.contractNamed(task) : task;
    const nameIsWrong = nameProblem(name, 'its name');
    if (nameIsWrong !== undefined) problems.push(nameIsWrong);
    if (!isTaskContract(contract)) problems.push(contractProblem(task));
    const said: string[] = [];
    const reader = new OptionReader(schedule ?? null, WHERE, said);
    reader.refuseUnknown(KEYS);
    const settings = parseScheduleSettings(reader);
    problems.push(...said.map((problem) => problem.slice(`${WHERE}: `.length)));
    const payload = reader.value('payload');
    const encoded = isTaskContract(contract) ? await this.parts.encode(contract, payload) : undefined;
    if (encoded?.ok === false) problems.push(...encoded.problems.map(({ path, message }) => `${path}: ${message}`));
    if (problems.length > 0 || !isTaskContract(contract) || settings === undefined || encoded?.ok !== true) {
      throw new InvalidScheduleError(labelOf(name), problems);
    }
    const { contentType } = this.parts;
    const body = encoded.body.toString('utf8');
    const stored = storedSchedule({ ...settings, name, task: contract.name, queue: contract.queue, contentType, body });
    const unstorable = storageProblem(stored);
    if (unstorable !== undefined) throw new InvalidScheduleError(name, [unstorable]);
    return stored;
  }

  #assertName(action: ScheduleCommand['kind'], name: unknown): void {
    this.parts.assertReady(`${action} a schedule`);
    const problem = nameProblem(name, 'its name');
    if (problem !== undefined) throw new InvalidScheduleError(labelOf(name), [problem]);
  }

  /** Asks for a change and waits for the answer. @returns the state with the answer. */
  async #change(name: string, change: DistributiveOmit<ScheduleCommand, 'id'>): Promise<ScheduleState> {
    const { broker, patience, timeoutMs, newId } = this.parts;
    this.#assertName(change.kind, name);
    const command: ScheduleCommand = { ...change, id: newId() };
    const deadline = patience.now() + timeoutMs;
    let seen: ViewedState = 'none';
    await broker.publisher.publish(scheduleMessage({ kind: 'command', command }), { timeoutMs }).catch(missingQueue);
    for (let pauseMs = FIRST_LOOK_MS; patience.now() < deadline; pauseMs = Math.min(MAX_LOOK_MS, pauseMs * 1.5)) {
      seen = await this.#viewUntil(deadline);
      const state = typeof seen === 'string' ? undefined : seen;
      const answer = state?.answers.find(({ id }) => id === command.id);
      if (answer?.refusal !== undefined)
        throw new ScheduleRefusedError(change.kind, name, answer.refusal, answer.problem);
      if (answer !== undefined && state !== undefined) return state;
      await this.#pause(pauseMs);
    }
    // Not before: somebody else may have written the copy, and the leader's own one follows.
    if (seen === 'newer') throw newerVersion();
    throw new ScheduleUnansweredError(change.kind, name, timeoutMs);
  }

  /** The change is stored by now: while the connection is away, or the broker silent, there is no answer to be seen yet. */
  async #viewUntil(deadline: number): Promise<ViewedState> {
    const { broker, patience } = this.parts;
    let timer: Timer | undefined;
    const late = new Promise<'none'>((resolve) => {
      timer = patience.schedule(() => resolve('none'), Math.max(0, deadline - patience.now()));
    });
    const view = readView(broker).catch((error: unknown): 'none' => {
      if (error instanceof ConnectionClosedError) return 'none';
      throw error;
    });
    try {
      return await Promise.race([view, late]);
    } finally {
      timer?.cancel();
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.parts.patience.schedule(resolve, ms));
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Who has the options, in problems that `OptionReader` notes. */
const WHERE = 'the schedule';

/** A name for a message, which may be no name. */
const labelOf = (name: unknown): string => (typeof name === 'string' ? truncateBytes(name, 127) : describeValue(name));

const contractProblem = (task: unknown): string =>
  typeof task === 'string'
    ? `there is no task ${describeValue(task)} in this app: give a contract`
    : `its task must be a contract made by defineTask(), or the name of a task of this app, got ${describeValue(task)}`;

function missingQueue(error: unknown): never {
  throw error instanceof UnroutableError ? new QueueMissingError(SCHEDULES_QUEUE) : error;
}

const newerVersion = (): ConfigurationError =>
  new ConfigurationError([
    'the schedules on this broker were written by a newer version of Warren: update this process',
  ]);

const garbledCopy = (): ConfigurationError =>
  new ConfigurationError([
    `the copy of the schedules for readers, queue "${SCHEDULES_VIEW}", holds a message that Warren has not written; the next tick or change of a schedule replaces it`,
  ]);
