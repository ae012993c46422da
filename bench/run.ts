import { type BenchBroker, provideBroker } from './broker';
import { formatReport, tenths, whole } from './format-report';
import { type BenchOptions, parseBenchOptions, USAGE } from './options';
import { createReport } from './report';
import { type Progress, runRounds } from './rounds';

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) return;
  const broker = await provideBroker(options.url);
  try {
    await run(options, broker);
  } finally {
    await broker.dispose();
  }
}

function readOptions(): BenchOptions | undefined {
  try {
    const options = parseBenchOptions(process.argv.slice(2));
    if (options === undefined) process.stdout.write(`${USAGE}\n`);
    return options;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

async function run({ rounds, messages, json }: BenchOptions, { url, description }: BenchBroker): Promise<void> {
  const results = await runRounds({ url, rounds, messages, onProgress: (progress) => say(progress, rounds) });
  const report = await createReport(results, description, { rounds, messages });
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
}

function say({ round, contender, measured: { enqueue, consume } }: Progress, rounds: number): void {
  process.stderr.write(
    `round ${round} of ${rounds}, ${contender}: enqueue ${whole(enqueue.messagesPerSecond)}/s at ${tenths(enqueue.cpuMicrosPerMessage)} µs, ` +
      `consume ${whole(consume.messagesPerSecond)}/s at ${tenths(consume.cpuMicrosPerMessage)} µs\n`,
  );
}

void main();
