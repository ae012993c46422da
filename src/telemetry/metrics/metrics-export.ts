import type { ObservedApp, TelemetryPage } from '../../events/telemetry';
import type { OpenTelemetryApi } from '../traces/open-telemetry-api';
import type { Attachment } from './attachment';
import type { OwnMetricProducer } from './metric-producer';
import { MetricsModel } from './metrics-model';
import { type ObservedMetrics, observeMetrics } from './observe-metrics';
import { OpenTelemetryMetrics } from './open-telemetry-metrics';
import { addToRegistry, type PrometheusRegistry } from './prometheus';

/** Where Prometheus looks unless it is told otherwise. */
const PROMETHEUS_PATH = '/metrics';

/**
 * One model for all apps of a telemetry, and whoever exports it. The model stays; its exporters are attached while an app
 * runs, so that nothing is left in a registry or a meter when the last one has stopped.
 */
export class MetricsExport {
  #model: MetricsModel | undefined;
  #attachments: readonly Attachment[] = [];
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

  /** Counts and reads one more app. @returns the function that ends it. @throws ConfigurationError */
  add(app: ObservedApp): () => void {
    // Not before: the API gives a meter that does nothing to whoever asks before the SDK is started.
    this.#model ??= this.#start();
    if (this.#apps.size === 0) for (const attachment of this.#attachments) attachment.attach();
    const observed = observeMetrics(this.#model, app);
    this.#apps.add(observed);
    return () => {
      if (!this.#apps.delete(observed)) return;
      observed.stop();
      if (this.#apps.size === 0) for (const attachment of this.#attachments) attachment.detach();
    };
  }

  #start(): MetricsModel {
    const openTelemetry = this.api === undefined ? undefined : new OpenTelemetryMetrics(this.api);
    const model = new MetricsModel(openTelemetry?.observerOf);
    const update = (): void => this.#update();
    // First: it is the one that may refuse.
    const attachments = [
      this.registry === undefined ? undefined : addToRegistry(this.registry, { model, update }),
      openTelemetry?.exporterOf(model, update),
      this.producer?.sourceOf({ model, update, since: Date.now() }),
    ];
    this.#attachments = attachments.filter((attachment) => attachment !== undefined);
    return model;
  }

  #update(): void {
    for (const app of this.#apps) app.update();
  }
}
