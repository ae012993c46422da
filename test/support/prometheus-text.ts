import { createRequire } from 'node:module';

/** A metric as parse-prometheus-text-format reads it, which has no types of its own. */
export interface ParsedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'COUNTER' | 'GAUGE' | 'HISTOGRAM';
  readonly metrics: readonly {
    readonly value?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly buckets?: Readonly<Record<string, string>>;
  }[];
}

const parser = createRequire(__filename)('parse-prometheus-text-format') as
  | ((text: string) => readonly ParsedMetric[])
  | { readonly default: (text: string) => readonly ParsedMetric[] };

/** A scrape, read by the parser of another project. */
export class Scrape {
  readonly metrics: readonly ParsedMetric[];

  constructor(readonly text: string) {
    this.metrics = (typeof parser === 'function' ? parser : parser.default)(text);
  }

  /** The value of one series of a counter or a gauge; `undefined` where there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const series = this.metrics
      .find((metric) => metric.name === name)
      ?.metrics.find((one) => Object.entries(labels).every(([label, value]) => one.labels?.[label] === value));
    return series?.value === undefined ? undefined : Number(series.value);
  }

  /** How many values one series of a histogram has. That parser puts the series of a histogram together, so it is read here. */
  count(name: string, labels: Readonly<Record<string, string>>): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const line = this.text
      .split('\n')
      .find((one) => one.startsWith(`${name}_count`) && wanted.every((label) => one.includes(label)));
    return Number(line?.split(' ').at(-1) ?? 0);
  }

  static async of(port: number | undefined): Promise<Scrape> {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    if (response.status !== 200) throw new Error(`/metrics answered ${response.status}: ${await response.text()}`);
    return new Scrape(await response.text());
  }
}
