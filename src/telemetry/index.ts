export type { Telemetry } from '../events/telemetry';
export type { TelemetryOptions } from './options';
export { telemetry } from './telemetry';
