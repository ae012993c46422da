/** The API as it is loaded where traces or metrics are asked for: nothing of it may be imported but types. */
export type OpenTelemetryApi = typeof import('@opentelemetry/api');
