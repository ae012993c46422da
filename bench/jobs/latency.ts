import { setTimeout as sleep } from 'node:timers/promises';
import { loadContender } from '../contenders';
import { makePayloads } from '../payload';
import type { Figures } from '../results/sample';
import { SETTINGS } from '../settings';
import { percentile } from '../statistics';
import { SETTLE_MS } from './consume';
import { deferred } from './deferred';
import { sendAll } from './enqueue';
import type { JobMessage, LatencyJob, PaceJob } from './job';
import { startStopwatch, throughput } from './stopwatch';

/** Of the machine, so that it means the same in all its processes: `CLOCK_MONOTONIC`. */
const nowMicros = (): number => Number(process.hrtime.bigint() / 1_000n);

export async function sendAtPace(job: PaceJob): Promise<Figures> {
  const total = job.warmUp + job.messages;
  const payloads = makePayloads(SETTINGS.inFlight, SETTINGS.payloadBytes);
  const sender = await (await loadContender(job.contender)).openSender(job.target);
  const read = startStopwatch();
  if (job.perSecond === undefined) {
    await sendAll(total, payloads, (payload) => sender.send({ ...payload, amount: nowMicros() }));
  } else {
    await sendEvenly(total, job.perSecond, (index) => {
      const payload = payloads[index % payloads.length];
      return payload === undefined ? undefined : sender.send({ ...payload, amount: nowMicros() });
    });
  }
  const figures = throughput(read(), total);
  await sender.close();
  return figures;
}

/** Does not wait for answers before it sends more, as the requests of a web service do not wait for each other. */
async function sendEvenly(
  messages: number,
  perSecond: number,
  send: (index: number) => Promise<unknown> | undefined,
): Promise<void> {
  const startedAt = performance.now();
  let answered: Promise<unknown> = Promise.resolve();
  let sent = 0;
  while (sent < messages) {
    const due = Math.min(messages, Math.floor(((performance.now() - startedAt) / 1_000) * perSecond));
    const sending = Array.from({ length: due - sent }, (_, index) => send(sent + index));
    answered = Promise.all([answered, ...sending]);
    sent = due;
    await sleep(1);
  }
  await answered;
}

/** The times of all but the warm-up. */
export async function measureLatency(job: LatencyJob): Promise<Figures> {
  const millis = new Float64Array(job.messages);
  const { promise, resolve } = deferred<Figures>();
  let handled = 0;
  let read = startStopwatch();
  const contender = await loadContender(job.contender);
  const receiver = await contender.openReceiver(
    job.target,
    ({ amount }) => {
      const index = handled++ - job.warmUp;
      if (index < 0) return;
      if (index === 0) read = startStopwatch();
      if (index >= job.messages) return;
      millis[index] = (nowMicros() - amount) / 1_000;
      if (index === job.messages - 1) resolve(figuresOf(millis, throughput(read(), job.messages)));
    },
    SETTINGS.concurrency,
  );
  process.send?.({ receives: true } satisfies JobMessage);
  const figures = await promise;
  await sleep(SETTLE_MS);
  await receiver.close();
  return figures;
}

function figuresOf(millis: Float64Array, measured: Figures): Figures {
  const sorted = millis.sort();
  return { ...measured, p50Millis: percentile(sorted, 0.5), p99Millis: percentile(sorted, 0.99) };
}
