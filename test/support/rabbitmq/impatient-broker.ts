import type { BrokerOptions, TestBroker } from './broker';
import { startPrivateBroker } from './shared-brokers';

/** How often a channel looks for deliveries that are out for too long; a minute unless it is told otherwise, which `rabbitmq.conf` cannot. */
const CHANNEL_TICK_MS = 250;

/** A broker that takes back, within moments, what is not acknowledged in time. It is as patient as any other after a restart. */
export async function startImpatientBroker(series: BrokerOptions['series'], ackTimeoutMs: number): Promise<TestBroker> {
  const broker = await startPrivateBroker({ series, config: [`consumer_timeout = ${ackTimeoutMs}`] });
  await broker.ctl('eval', `application:set_env(rabbit, channel_tick_interval, ${CHANNEL_TICK_MS}).`);
  return broker;
}
