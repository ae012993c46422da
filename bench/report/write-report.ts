import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_FOLDER } from '../../test/support/project-folder';
import type { Results } from '../results/results';
import { drawChart } from './charts';
import { CHART_FOLDER, formatPage } from './page';
import { pageParts } from './parts';

/** Writes the page and its charts, and removes charts that it no longer has. @returns how many files. */
export async function writeReport(results: Results): Promise<number> {
  const docs = join(PROJECT_FOLDER, 'docs');
  const charts = pageParts(results, []).flatMap(({ charts: all = [] }) => all);
  const drawn = await Promise.all(charts.map(async (chart) => ({ name: chart.name, svg: await drawChart(chart) })));
  await rm(join(docs, CHART_FOLDER), { recursive: true, force: true });
  await mkdir(join(docs, CHART_FOLDER), { recursive: true });
  for (const { name, svg } of drawn) await writeFile(join(docs, CHART_FOLDER, `${name}.svg`), svg);
  const page = join(docs, 'benchmarks.md');
  await writeFile(page, formatPage(results));
  // Its tables as the check wants all pages: with columns that are aligned.
  await promisify(execFile)(join(PROJECT_FOLDER, 'node_modules/.bin/biome'), ['format', '--write', page], {
    timeout: 60_000,
  });
  return drawn.length + 1;
}
