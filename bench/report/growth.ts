import type { ContenderName } from '../contenders';
import { figuresIn, type Results } from '../results/results';
import type { SectionName } from '../sections/section';
import { spreadOf } from '../statistics';
import { whole } from './figures';
import type { GrowthPoint } from './table-data';

export type GrownWork = 'enqueue' | 'consume';

/** What was measured along an axis, by its values. */
export function growthOf(
  results: Results,
  sections: readonly SectionName[],
  work: GrownWork,
  contender: ContenderName,
): readonly GrowthPoint[] {
  const points = sections.flatMap((section) =>
    valuesOf(results, section).flatMap((at): readonly GrowthPoint[] => {
      const of = (figure: 'perSecond' | 'cpuMicros') => figuresIn(results, { section, work, contender, figure, at });
      if (of('perSecond').length === 0) return [];
      return [{ at, perSecond: spreadOf(of('perSecond')), cpuMicros: spreadOf(of('cpuMicros')) }];
    }),
  );
  return points.toSorted((a, b) => a.at - b.at);
}

function valuesOf(results: Results, name: SectionName): readonly number[] {
  const samples = results.sections.find(({ section }) => section === name)?.samples ?? [];
  return [...new Set(samples.flatMap(({ at }) => at ?? []))];
}

/** A change that is more than what the rounds differ by on a machine with other work. */
const NOTABLE = 0.2;

/** Where a curve bends, in words: its top, and each step to a value that is notably slower than the one before. */
export function describeBends(points: readonly GrowthPoint[]): string {
  const [first, ...others] = points;
  if (first === undefined || others.length === 0) return 'Too little was measured to tell.';
  const top = points.reduce((best, point) => (point.perSecond.median > best.perSecond.median ? point : best));
  const drops = others.flatMap((point, index) => {
    const before = points[index];
    if (before === undefined) return [];
    const change = point.perSecond.median / before.perSecond.median - 1;
    return change < -NOTABLE ? [`${percent(-change)} less from ${whole(before.at)} to ${whole(point.at)}`] : [];
  });
  const fastest = `fastest at ${whole(top.at)} (${whole(top.perSecond.median)}/s)`;
  if (drops.length > 0) return `${fastest}; ${drops.join('; ')}.`;
  const rise = top.perSecond.median / first.perSecond.median - 1;
  return rise < NOTABLE
    ? `${fastest}, level within ${percent(NOTABLE)}.`
    : `${fastest}, ${whole(rise + 1)} × what it is at ${whole(first.at)}; no bend downwards.`;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
