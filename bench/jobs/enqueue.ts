import { loadContender } from '../contenders';
import { makePayloads, type Payload } from '../payload';
import type { Figures } from '../results/sample';
import { SETTINGS } from '../settings';
import type { EnqueueJob, EnqueueManyJob } from './job';
import { progressTeller } from './progress';
import { startStopwatch, throughput } from './stopwatch';

export async function measureEnqueue(job: EnqueueJob): Promise<Figures> {
  const payloads = makePayloads(Math.min(SETTINGS.inFlight, job.messages), job.payloadBytes);
  const sender = await (await loadContender(job.contender)).openSender(job.target);
  await sendAll(job.warmUp, payloads, sender.send);
  const read = startStopwatch();
  await sendAll(job.messages, payloads, sender.send);
  const figures = throughput(read(), job.messages);
  await sender.close();
  return figures;
}

/** As many callers as there may be messages in flight, each of which awaits one before it sends the next. */
export async function sendAll(
  messages: number,
  payloads: readonly Payload[],
  send: (payload: Payload) => Promise<unknown>,
): Promise<void> {
  const tell = progressTeller(messages);
  let sent = 0;
  const callers = payloads.map(async (payload) => {
    while (sent < messages) {
      sent++;
      tell(sent);
      await send(payload);
    }
  });
  await Promise.all(callers);
}

/** One call after another. */
export async function measureEnqueueMany(job: EnqueueManyJob): Promise<Figures> {
  const payloads = makePayloads(SETTINGS.batch, SETTINGS.payloadBytes);
  const { sendMany, close } = await (await loadContender(job.contender)).openSender(job.target);
  if (sendMany === undefined) throw new Error(`${job.contender} has no call that sends many`);
  const send = async (messages: number) => {
    for (let sent = 0; sent < messages; sent += SETTINGS.batch) {
      await sendMany(payloads.slice(0, Math.min(SETTINGS.batch, messages - sent)));
    }
  };
  await send(job.warmUp);
  const read = startStopwatch();
  await send(job.messages);
  const figures = throughput(read(), job.messages);
  await close();
  return figures;
}
