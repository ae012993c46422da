/** Values of a metric's labels, in the order of its definition. */
export type LabelValues = readonly string[];

/** Different label values of one metric. Whatever comes beyond is counted together, so that memory stays bounded. */
export const MAX_SERIES = 1_000;
const OVERFLOW = 'other';

/** The series of one metric by the values of its labels. */
export class Family<S> {
  readonly #series = new Map<string, { readonly labels: LabelValues; readonly series: S }>();

  constructor(private readonly make: (labels: LabelValues) => S) {}

  /** The series of these labels; it is made when it is first asked for. */
  with(...labels: LabelValues): S {
    const key = labels.join('\u0000');
    const existing = this.#series.get(key);
    if (existing !== undefined) return existing.series;
    const isFull = this.#series.size >= MAX_SERIES && labels.some((label) => label !== OVERFLOW);
    return isFull ? this.with(...labels.map(() => OVERFLOW)) : this.#add(key, labels);
  }

  entries(): Iterable<{ readonly labels: LabelValues; readonly series: S }> {
    return this.#series.values();
  }

  #add(key: string, labels: LabelValues): S {
    const series = this.make(labels);
    this.#series.set(key, { labels, series });
    return series;
  }
}

export class Counter {
  value = 0;

  add(count = 1): void {
    this.value += count;
  }
}

/** Called with each value, beside what the histogram counts itself. */
export type Observer = (value: number) => void;

export class Histogram {
  /** Values in each bucket, and above the last one. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(
    private readonly bounds: readonly number[],
    private readonly observer: Observer | undefined,
  ) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? 0)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
    this.count++;
    this.observer?.(value);
  }
}
