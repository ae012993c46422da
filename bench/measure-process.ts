import { loadContender } from './contenders';
import type { Contender } from './contenders/contender';
import { type Job, type Measurement, startMeasuring } from './measurement';
import { makePayloads, type Payload } from './payload';
import { SETTINGS } from './settings';

/** The process that does one contender's work and nothing else: takes a job as its argument, answers with a message. */
async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? '') as Job;
  const contender = await loadContender(job.contender);
  const measurement =
    job.workload === 'enqueue' ? await measureEnqueue(contender, job) : await measureConsume(contender, job);
  process.send?.(measurement);
}

async function measureEnqueue(contender: Contender, { target, messages }: Job): Promise<Measurement> {
  const payloads = makePayloads(SETTINGS.inFlight);
  const sender = await contender.openSender(target);
  await sendAll(SETTINGS.warmUp, payloads, sender.send);
  const end = startMeasuring();
  await sendAll(messages, payloads, sender.send);
  const measurement = end(messages);
  await sender.close();
  return measurement;
}

/** As many callers as there may be messages in flight, each of which awaits one before it sends the next. */
async function sendAll(
  messages: number,
  payloads: readonly Payload[],
  send: (payload: Payload) => Promise<unknown>,
): Promise<void> {
  let sent = 0;
  const callers = payloads.map(async (payload) => {
    while (sent < messages) {
      sent++;
      await send(payload);
    }
  });
  await Promise.all(callers);
}

async function measureConsume(contender: Contender, { target, messages }: Job): Promise<Measurement> {
  let handled = 0;
  let end = startMeasuring();
  let tell: (measurement: Measurement) => void;
  const measured = new Promise<Measurement>((resolve) => {
    tell = resolve;
  });
  const receiver = await contender.openReceiver(target, () => {
    handled++;
    if (handled === SETTINGS.warmUp) end = startMeasuring();
    else if (handled === SETTINGS.warmUp + messages) tell(end(messages));
  });
  const measurement = await measured;
  await receiver.close();
  return measurement;
}

void main();
