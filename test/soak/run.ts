import { randomInt } from 'node:crypto';
import { brokenPromises, formatReport } from './format-report';
import { parseSoakOptions, type SoakOptions, USAGE } from './options';
import { soak } from './soak';

async function main(): Promise<number> {
  let options: SoakOptions | undefined;
  try {
    options = parseSoakOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    return 2;
  }
  if (options === undefined) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const seed = options.seed ?? randomInt(2 ** 32);
  process.stderr.write(`seed ${seed}\n`);
  const report = await soak({ ...options, seed });
  process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
  return brokenPromises(report).length === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`the soak could not be made: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(2);
  },
);
