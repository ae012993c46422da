import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type CpuProfile, type Share, summarise } from './profile';

const AREAS = 20;
const FUNCTIONS = 25;

/** Sums up the profiles that are named, by area and by function. */
for (const file of process.argv.slice(2)) {
  const { busyMillis, areas, functions } = summarise(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile);
  const line = ({ what, millis }: Share) => `${((millis / busyMillis) * 100).toFixed(1).padStart(6)} %  ${what}`;
  const parts = [
    `${basename(file)}: busy for ${Math.round(busyMillis)} ms`,
    ...areas.slice(0, AREAS).map(line),
    '',
    ...functions.slice(0, FUNCTIONS).map(line),
  ];
  process.stdout.write(`${parts.join('\n')}\n\n`);
}
