import type { PlotOptions } from '@observablehq/plot';
import { whole } from './figures';
import type { BarChart, LineChart } from './parts';
import type { GrowthPoint } from './table-data';

const WIDTH = 760;
const LINE_HEIGHT = 360;
const BAR_HEIGHT = 34;
/** All stand out from white and from black. */
const OWN_COLOUR = '#e8590c';
const OTHER_COLOUR = '#4c8bf5';
/**
 * Text and lines are in the colour of the side that the reader's system is on. A page may be on the other one, so both
 * can be read on either.
 */
const STYLE = 'svg{color:#6e7781}@media (prefers-color-scheme:dark){svg{color:#9ba5b0}}';

/** A chart as the text of an SVG file. */
export const drawChart = (chart: LineChart | BarChart): Promise<string> =>
  chart.kind === 'lines' ? drawLines(chart) : drawBars(chart);

interface Dot {
  readonly at: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly label: string;
  readonly isLast: boolean;
}

/** Both axes are logarithmic: growth by the same factor is the same way. */
async function drawLines({ axis, lines }: LineChart): Promise<string> {
  const Plot = await import('@observablehq/plot');
  const dots = lines.flatMap(({ label, points }) => points.map((point) => dotOf(label, point, points.at(-1))));
  const ends = dots.filter(({ isLast }) => isLast);
  const values = [...new Set(dots.map(({ at }) => at))];
  return draw(axis, {
    height: LINE_HEIGHT,
    marginLeft: 64,
    marginRight: 140,
    marginTop: 32,
    insetLeft: 16,
    marginBottom: 44,
    x: { type: values.includes(0) ? 'symlog' : 'log', label: axis, ticks: values, tickFormat: whole },
    y: { type: 'log', label: 'tasks/s, median and spread', grid: true, ticks: ticksFor(dots), tickFormat: whole },
    color: { domain: lines.map(({ label }) => label), range: [OWN_COLOUR, OTHER_COLOUR] },
    marks: [
      Plot.ruleX(dots, { x: 'at', y1: 'min', y2: 'max', stroke: 'label', strokeOpacity: 0.5, strokeWidth: 4 }),
      Plot.line(dots, { x: 'at', y: 'median', stroke: 'label', strokeWidth: 2 }),
      Plot.dot(dots, { x: 'at', y: 'median', fill: 'label', r: 4 }),
      ...lines.map(({ label }, index) =>
        Plot.text(
          ends.filter((end) => end.label === label),
          // Side by side where the lines end close to each other.
          { x: 'at', y: 'median', text: 'label', fill: 'label', dx: 12, dy: placeOf(index, ends), textAnchor: 'start' },
        ),
      ),
    ],
  });
}

const dotOf = (label: string, { at, perSecond }: GrowthPoint, last: GrowthPoint | undefined): Dot => ({
  at,
  ...perSecond,
  label,
  isLast: last?.at === at,
});

/** The upper line's label goes up, the lower one's down. */
function placeOf(index: number, ends: readonly Dot[]): number {
  const own = ends[index]?.median ?? 0;
  return ends.every(({ median }) => own >= median) ? -7 : 7;
}

/** Each power of ten that the values reach; where that is few, two and five times as much too. */
function ticksFor(dots: readonly Dot[]): number[] {
  const lowest = Math.min(...dots.map(({ min }) => min));
  const highest = Math.max(...dots.map(({ max }) => max));
  const powers = Array.from({ length: 9 }, (_, power) => 10 ** power);
  return powers
    .flatMap((power) => (highest / lowest > 100 ? [power] : [power, 2 * power, 5 * power]))
    .filter((tick) => tick >= lowest / 2 && tick <= highest * 2);
}

async function drawBars({ axis, bars }: BarChart): Promise<string> {
  const Plot = await import('@observablehq/plot');
  const rows = bars.map(({ label, spread }, index) => ({ label, ...spread, isOwn: index === 0 }));
  return draw(axis, {
    height: rows.length * BAR_HEIGHT + 70,
    marginLeft: 190,
    marginRight: 70,
    marginTop: 12,
    marginBottom: 44,
    x: { label: axis, grid: true, tickFormat: whole, ticks: 6 },
    y: { label: null, domain: rows.map(({ label }) => label), padding: 0.3 },
    color: { domain: [true, false], range: [OWN_COLOUR, OTHER_COLOUR] },
    marks: [
      Plot.barX(rows, { x: 'median', y: 'label', fill: 'isOwn' }),
      Plot.ruleY(rows, { x1: 'min', x2: 'max', y: 'label', stroke: 'currentColor', strokeWidth: 2 }),
      Plot.text(rows, {
        x: 'max',
        y: 'label',
        text: (row: { median: number }) => whole(row.median),
        dx: 8,
        textAnchor: 'start',
      }),
    ],
  });
}

async function draw(title: string, options: PlotOptions): Promise<string> {
  // ES modules, and heavy: loaded only when something is drawn.
  const [Plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  const { document } = parseHTML('<html><body></body></html>');
  const svg: { readonly outerHTML: string } = Plot.plot({
    document,
    className: 'chart',
    width: WIDTH,
    style: { background: 'transparent', fontSize: '13px' },
    ...options,
  });
  const start = svg.outerHTML.indexOf('>');
  const opening = svg.outerHTML.slice(0, start).replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"');
  return `${opening} role="img"><title>${title}</title><style>${STYLE}</style>${shortNumbers(svg.outerHTML.slice(start + 1))}\n`;
}

/** Tenths of a pixel are enough, and keep the files small. */
const shortNumbers = (svg: string): string => svg.replace(/\d+\.\d{2,}/g, (number) => Number(number).toFixed(1));
