import { TESTED_SERIES, type TestBroker } from './broker';
import { removeAbandonedFolders } from './process-broker';
import { BROKERS_VARIABLE, startPrivateBroker } from './shared-brokers';

/**
 * The brokers of this run. Jest calls setup and teardown once for each project that uses them, but runs every setup
 * before the first test of any project, and every teardown after the last: the first call does the work.
 */
let brokers: readonly TestBroker[] = [];

/** Starts one broker of each series for the whole run and tells the test files where they are. */
// biome-ignore lint/style/noDefaultExport: it is what Jest calls
export default async function startSharedBrokers(): Promise<void> {
  if (process.env[BROKERS_VARIABLE] !== undefined) return;
  removeAbandonedFolders();
  const starts = await Promise.allSettled(TESTED_SERIES.map((series) => startPrivateBroker({ series })));
  brokers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failure = starts.find((start) => start.status === 'rejected');
  if (failure !== undefined) {
    await disposeSharedBrokers();
    throw failure.reason;
  }
  process.env[BROKERS_VARIABLE] = JSON.stringify(brokers.map(({ series, version, url }) => ({ series, version, url })));
}

/** Does nothing the second time, nor to brokers that this run has not started. */
export async function disposeSharedBrokers(): Promise<void> {
  const disposed = brokers;
  brokers = [];
  if (disposed.length > 0) delete process.env[BROKERS_VARIABLE];
  await Promise.all(disposed.map((broker) => broker.dispose()));
}
