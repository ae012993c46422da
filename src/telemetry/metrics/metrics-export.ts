import type { ObservedApp, TelemetryPage } from '../../events/telemetry';
import type { OpenTelemetryApi } from '../traces/open-telemetry-api';
import type { OwnMetricProducer } from './metric-producer';
import { MetricsModel } from './metrics-model';
import { type ObservedMetrics, observeMetrics } from './observe-metrics';
import { OpenTelemetryMetrics } from './open-telemetry-metrics';
import { type PrometheusRegistry, registerMetrics } from './prometheus';

/** Where Prometheus looks unless it is told otherwise. */
const PROMETHEUS_PATH = '/metrics';

/** One model for all apps of a telemetry, and whoever exports it. */
export class MetricsExport {
  #model: MetricsModel | undefined;
  readonly #apps = new Set<ObservedMetrics>();

  constructor(
    private readonly api: OpenTelemetryApi | undefined,
    private readonly registry: PrometheusRegistry | undefined,
    private readonly producer: OwnMetricProducer | undefined,
  ) {}

  get pages(): readonly TelemetryPage[] {
    const { registry } = this;
    if (registry === undefined) return [];
    const answer = async () => ({ contentType: registry.contentType, body: await registry.metrics() });
    return [{ path: PROMETHEUS_PATH, answer }];
  }

  /** Counts and reads one more app. @returns the function that ends it. */
  add(app: ObservedApp): () => void {
    // Not before: the API gives a meter that does nothing to whoever asks before the SDK is started.
    this.#model ??= this.#start();
    const observed = observeMetrics(this.#model, app);
    this.#apps.add(observed);
    return () => {
      observed.stop();
      // What was counted stays, for the SDK's last collection or a last scrape.
      this.#apps.delete(observed);
    };
  }

  #start(): MetricsModel {
    const openTelemetry = this.api === undefined ? undefined : new OpenTelemetryMetrics(this.api);
    const model = new MetricsModel(openTelemetry?.observerOf);
    const update = (): void => this.#update();
    openTelemetry?.export(model, update);
    if (this.registry !== undefined) registerMetrics(this.registry, model, update);
    this.producer?.add({ model, update, since: Date.now() });
    return model;
  }

  #update(): void {
    for (const app of this.#apps) app.update();
  }
}
