/** @import { AggregatedResult, TestResult } from '@jest/reporters' */

const SLOWEST_FILES = 12;

/** A reporter for Jest that prints, after the run, where its time went: by project, and the slowest files. */
// biome-ignore lint/style/noDefaultExport: it is what Jest loads
export default class TestTimes {
  /** @param {unknown} _contexts @param {AggregatedResult} run */
  onRunComplete(_contexts, run) {
    const files = run.testResults.map(fileTime).sort((a, b) => b.seconds - a.seconds);
    if (files.length < 2) return;
    const lines = [
      `Wall clock ${seconds((Date.now() - run.startTime) / 1_000)}; files run side by side, so their times add up to more:`,
      ...byProject(files).map(([project, total, count]) => `  ${seconds(total)}  ${project}, ${count} files`),
      `The slowest ${Math.min(SLOWEST_FILES, files.length)} files:`,
      ...files.slice(0, SLOWEST_FILES).map((file) => `  ${seconds(file.seconds)}  ${file.path}`),
    ];
    process.stderr.write(`\n${lines.join('\n')}\n`);
  }
}

/** @param {TestResult} result */
function fileTime(result) {
  return {
    path: result.testFilePath.replace(`${process.cwd()}/`, ''),
    project: result.displayName?.name ?? '(no project)',
    seconds: (result.perfStats?.runtime ?? 0) / 1_000,
  };
}

/** @param {readonly ReturnType<typeof fileTime>[]} files @returns {[string, number, number][]} */
function byProject(files) {
  const totals = new Map();
  for (const { project, seconds } of files) {
    const [sum, count] = totals.get(project) ?? [0, 0];
    totals.set(project, [sum + seconds, count + 1]);
  }
  return [...totals].map(([project, [sum, count]]) => [project, sum, count]).sort((a, b) => b[1] - a[1]);
}

/** @param {number} value */
function seconds(value) {
  return `${value.toFixed(1).padStart(7)} s`;
}
