import { randomUUID } from 'node:crypto';
import { InvalidPayloadError, type TaskApp, type TaskDefinition } from 'warren';
import { EmailTasks } from './tasks/emails.tasks';
import { PaymentTasks } from './tasks/payments.tasks';
import { ReportTasks, templates } from './tasks/reports.tasks';
import type { Timeline } from './timeline';

/** Seven things that background tasks go through. Waits for events, never for a time. */
export class Story {
  /** Ends every id, so that nothing which an earlier run left on a broker is taken for this one's. */
  readonly #run = randomUUID().slice(0, 8);
  #chapter = '';
  /** What is to be told once the line that it follows from has been. */
  #held: (() => void)[] | undefined;

  constructor(
    private readonly app: TaskApp,
    private readonly timeline: Timeline,
  ) {}

  /** What is being told. */
  get chapter(): string {
    return this.#chapter;
  }

  async tell(): Promise<void> {
    this.#narrate();
    await this.#start();
    await this.#succeed();
    await this.#retry();
    const letterId = await this.#die();
    await this.#replay(letterId);
    await this.#refuse();
    await this.#delay();
    await this.#stop();
  }

  async #start(): Promise<void> {
    this.#begin('Tasks are discovered, and bound to queues');
    const { tasks } = this.app.catalog;
    this.timeline.say('discovered', `${tasks.length} tasks, in files that match tasks/*.tasks.js`);
    for (const task of tasks) this.timeline.detail(describe(task));
    await this.app.start();
    const { product, version } = this.app.server;
    this.timeline.say(
      'bound',
      `to ${this.app.catalog.queues.length} queues on ${product} ${version}, ${this.app.address}`,
    );
  }

  async #succeed(): Promise<void> {
    this.#begin('A task, enqueued from plain, typed code');
    const id = this.#id('welcome');
    const done = this.#completed(id);
    const emails = this.app.client.of(EmailTasks);
    await this.#tellFirst(emails.sendWelcome({ to: 'ada@example.com', name: 'Ada' }, { id }), ({ task }) =>
      this.timeline.say('enqueued', `${task}: routed to its queue and confirmed by the broker`),
    );
    await done;
  }

  async #retry(): Promise<void> {
    this.#begin('One that fails twice, waits in the broker, and succeeds');
    const id = this.#id('charge');
    const done = this.#completed(id);
    const payments = this.app.client.of(PaymentTasks);
    await this.#tellFirst(payments.charge({ orderId: 'order-4711', cents: 1_250 }, { id }), ({ task }) =>
      this.timeline.say('enqueued', task),
    );
    await done;
  }

  async #die(): Promise<string> {
    this.#begin('One that uses up its attempts');
    const id = this.#id('report');
    const died = this.app.once('task:dead-lettered', (event) => event.id === id);
    const reports = this.app.client.of(ReportTasks);
    await this.#tellFirst(reports.build({ template: 'annual' }, { id }), ({ task }) =>
      this.timeline.say('enqueued', task),
    );
    const { queue } = await died;
    await this.#show(queue, id);
    return id;
  }

  /** Looks at a dead letter. Looking uses nothing up. */
  async #show(queue: string, id: string): Promise<void> {
    const [letter] = await this.app.deadLetters.list(queue, { filter: { ids: [id] } });
    if (letter === undefined) throw new Error(`The dead letter ${id} is not in ${queue}.dead`);
    this.timeline.say(
      'dead letter',
      `${letter.reason} after ${letter.attempt} attempts, with its error and history:`,
      'bad',
    );
    for (const failure of letter.failures) {
      this.timeline.detail(`attempt ${failure.attempt}  ${failure.at}  ${failure.error}: ${failure.message}`);
    }
  }

  async #replay(id: string): Promise<void> {
    this.#begin('That one, replayed once its cause is gone');
    templates.add('annual');
    this.timeline.say('repaired', 'the template "annual" is there now');
    const done = this.#completed(id);
    await this.#tellFirst(this.app.deadLetters.replay('reports', { filter: { ids: [id] } }), (replay) =>
      this.timeline.say('replayed', `${replay.done} dead letter: same id, attempts from 1`),
    );
    await done;
  }

  async #refuse(): Promise<void> {
    this.#begin('One whose payload does not fit, refused at the sender');
    try {
      await this.app.client.of(EmailTasks).sendWelcome({ to: 'nobody', name: '' });
    } catch (error) {
      if (!(error instanceof InvalidPayloadError)) throw error;
      this.timeline.say('refused', `${error.task}, nothing was sent: ${error.code}`, 'bad');
      for (const { path, message } of error.problems) this.timeline.detail(`${path}: ${message}`);
      return;
    }
    throw new Error('An invalid payload was sent');
  }

  async #delay(): Promise<void> {
    this.#begin('One for later');
    const id = this.#id('reminder');
    const done = this.#completed(id);
    const sentAt = performance.now();
    const emails = this.app.client.of(EmailTasks);
    await this.#tellFirst(
      emails.sendReminder({ to: 'ada@example.com', name: 'Ada' }, { id, delay: '2s' }),
      ({ task }) =>
        this.timeline.say('enqueued', `${task}: waits 2 s in the broker, in no process's memory`, 'waiting'),
    );
    await done;
    this.timeline.detail(`it came ${((performance.now() - sentAt) / 1000).toFixed(2)} s after it was sent`);
  }

  async #stop(): Promise<void> {
    this.#begin('A clean stop');
    await this.app.stop();
    this.timeline.say('stopped', 'nothing was running, every connection is closed');
  }

  /** Tells what the app says about tasks of this run. */
  #narrate(): void {
    const { app, timeline } = this;
    app.on('task:completed', ({ id, task, attempt }) =>
      this.#tellOurs(id, () => timeline.say('done', `${task}, attempt ${attempt}`, 'good')),
    );
    app.on('task:retried', ({ id, attempt, error, delayMs }) =>
      this.#tellOurs(id, () =>
        timeline.say('failed', `attempt ${attempt}: ${error.message}; tried again in ${delayMs} ms`, 'waiting'),
      ),
    );
    app.on('task:dead-lettered', ({ id, attempt, error, queue }) =>
      this.#tellOurs(id, () =>
        timeline.say('failed', `attempt ${attempt}: ${error?.message}; moved to ${queue}.dead`, 'bad'),
      ),
    );
  }

  #tellOurs(id: string, tell: () => void): void {
    if (!id.endsWith(this.#run)) return;
    if (this.#held === undefined) tell();
    else this.#held.push(tell);
  }

  /** A task may be done before its sender has the broker's confirm. People read what was sent before what came of it. */
  async #tellFirst<T>(action: Promise<T>, tell: (result: T) => void): Promise<void> {
    const held: (() => void)[] = [];
    this.#held = held;
    tell(await action);
    this.#held = undefined;
    for (const next of held) next();
  }

  #begin(chapter: string): void {
    this.#chapter = chapter;
    this.timeline.chapter(chapter);
  }

  #completed(id: string): Promise<unknown> {
    return this.app.once('task:completed', (event) => event.id === id);
  }

  #id(name: string): string {
    return `${name}-${this.#run}`;
  }
}

/** One line about a task, as its decorators and the compiler's metadata describe it. */
function describe({ name, queue, payload, retry }: TaskDefinition): string {
  const type = payload.kind === 'class' ? payload.type.name : payload.kind;
  return `${name.padEnd(21)} queue ${queue.padEnd(9)} payload ${type.padEnd(13)} ${retry.maxAttempts} attempts`;
}
