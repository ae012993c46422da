import { CONTENDER_NAMES, serverOf } from './contenders';
import { describeEnvironment } from './environment';
import { endMeasuring } from './jobs/measure';
import { type BenchOptions, parseBenchOptions, USAGE } from './options';
import { say } from './progress';
import { formatTable } from './report/table';
import { writeReport } from './report/write-report';
import { isMeasured, type Results } from './results/results';
import { readResults, withSection, writeResults } from './results/results-file';
import { runSection } from './run-section';
import { SECTIONS } from './sections';
import type { Extent, Section } from './sections/section';
import { type BenchServers, provideServers } from './servers/servers';

async function main(signal: AbortSignal): Promise<number> {
  let options: BenchOptions | undefined;
  try {
    options = parseBenchOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    return 2;
  }
  if (options === undefined) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const results = await bench(options, signal);
  const measured = results.sections.filter(({ section }) => options.sections.includes(section));
  const shown: Results = options.sections.length === 0 ? results : { sections: measured };
  if (options.report) say(`docs/benchmarks.md and its charts: ${await writeReport(results)} files written`);
  process.stdout.write(options.json ? `${JSON.stringify(shown, undefined, 2)}\n` : formatTable(shown));
  return measured.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

/** Measures what is asked for and not there yet. Each section is kept as soon as it is complete. */
async function bench(options: BenchOptions, signal: AbortSignal): Promise<Results> {
  let results = await readResults(options.results);
  const wanted = SECTIONS.filter(
    ({ name }) => options.sections.includes(name) && !(options.isResumed && isMeasured(results, name, options)),
  );
  if (wanted.length === 0) return results;
  const servers = await provideServers({ ...options, needsRedis: wanted.some(({ name }) => name === 'throughput') });
  try {
    for (const section of wanted) {
      results = withSection(results, await measureSection(section, options, servers, signal));
      await writeResults(options.results, results);
    }
  } finally {
    await servers.dispose();
  }
  return results;
}

async function measureSection(section: Section, options: BenchOptions, servers: BenchServers, signal: AbortSignal) {
  const { rounds, isFull, scale } = options;
  const contenders = CONTENDER_NAMES.filter((name) => servers[serverOf(name)] !== undefined);
  const extent: Extent = { rounds, isFull, scale, contenders, ownsBroker: servers.rabbitmq.isOwn };
  const descriptions = [servers.rabbitmq, servers.redis].flatMap((server) => server?.description ?? []);
  const environment = await describeEnvironment(contenders, descriptions);
  const startedAt = Date.now();
  const measured = await runSection(section, extent, servers, signal);
  const minutes = (Date.now() - startedAt) / 60_000;
  const measuredAt = new Date(startedAt).toISOString();
  return { section: section.name, measuredAt, minutes, rounds, isFull, scale, environment, ...measured };
}

/** The first signal ends the processes that measure, and then the servers; a second one does not wait for that. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      say('ending; once more to end at once');
      controller.abort(new Error(`ended by ${name}`));
      endMeasuring();
    });
  }
  return controller.signal;
}

const signal = abortOnSignals();

main(signal).then(
  (code) => process.exit(code),
  (error: unknown) => {
    // 128 and the number of SIGINT, as shells have it.
    if (signal.aborted) process.exit(130);
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(2);
  },
);
