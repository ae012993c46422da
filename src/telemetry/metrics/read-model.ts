import { type CounterName, type GaugeName, METRICS, type MetricName } from './metric-definitions';
import type { GaugeValues, MetricsModel } from './metrics-model';
import type { LabelValues } from './series';

/** The values of a counter or a gauge now. */
export async function readValues(model: MetricsModel, name: CounterName | GaugeName): Promise<GaugeValues> {
  return METRICS[name].kind === 'gauge' ? model.read(name as GaugeName) : readCounter(model, name as CounterName);
}

export const readCounter = (model: MetricsModel, name: CounterName): GaugeValues =>
  [...model.counter(name).entries()].map(({ labels, series }) => ({ labels, value: series.value }));

/** The values of a metric's labels by their names. */
export const namedLabels = (name: MetricName, values: LabelValues): Record<string, string> =>
  Object.fromEntries(METRICS[name].labels.map((label, index) => [label, values[index] ?? '']));
