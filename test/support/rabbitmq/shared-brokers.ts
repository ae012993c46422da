import { BROKER_SERIES, type BrokerOptions, type SharedBroker, type TestBroker, type TestCluster } from './broker';
import { startCluster } from './cluster';
import { startDockerBroker } from './docker-broker';
import { type BrokerSource, findBrokerSource } from './find-broker-source';
import { startProcessBroker } from './process-broker';

export type { BrokerOptions, BrokerSeries, SharedBroker, TestBroker } from './broker';

/** JSON of `SharedBroker[]`. Set by global setup, unless whoever starts Jest has brokers of their own. */
export const BROKERS_VARIABLE = 'WARREN_TEST_BROKERS';
/** JSON of a `BrokerSource`: what global setup has found, so that test files need not look for it, and say it, again. */
const SOURCE_VARIABLE = 'WARREN_TEST_BROKER_SOURCE';

/** The brokers that the whole run shares, one of each series. Use queues or a virtual host of your own on them. */
export function sharedBrokers(): readonly SharedBroker[] {
  const json = process.env[BROKERS_VARIABLE];
  if (json === undefined) {
    throw new Error(`${BROKERS_VARIABLE} is not set: this Jest project lacks the global setup that starts brokers`);
  }
  const brokers: unknown = JSON.parse(json);
  if (!Array.isArray(brokers) || brokers.length === 0 || !brokers.every(isSharedBroker)) {
    throw new Error(
      `${BROKERS_VARIABLE} must be a JSON array of { series, version, url }, series one of ${BROKER_SERIES.join(', ')}`,
    );
  }
  return brokers;
}

/** Starts a broker that the test may break, and must dispose of. */
export async function startPrivateBroker(options: BrokerOptions): Promise<TestBroker> {
  source ??= findSourceOnce();
  const found = await source;
  if (found.kind === 'docker') return startDockerBroker(options);
  const server = found.servers.find((each) => each.series === options.series);
  if (server === undefined) throw new Error(`no server of RabbitMQ ${options.series} was found`);
  return startProcessBroker(server, options);
}

/** Starts three brokers that are one cluster, which the test may break, and must dispose of. */
export async function startPrivateCluster(options: BrokerOptions): Promise<TestCluster> {
  source ??= findSourceOnce();
  return startCluster(await source, options);
}

let source: Promise<BrokerSource> | undefined;

/** The one that global setup has found, else the one that is found now; looked for once. */
async function findSourceOnce(): Promise<BrokerSource> {
  const json = process.env[SOURCE_VARIABLE];
  if (json !== undefined) return JSON.parse(json) as BrokerSource;
  const found = await findBrokerSource();
  process.env[SOURCE_VARIABLE] = JSON.stringify(found);
  return found;
}

function isSharedBroker(value: unknown): value is SharedBroker {
  const { series, version, url } = (value ?? {}) as Partial<Record<keyof SharedBroker, unknown>>;
  return BROKER_SERIES.some((each) => each === series) && typeof version === 'string' && typeof url === 'string';
}
