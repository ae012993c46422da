import type { Span } from '@opentelemetry/api';
import { describeThrown } from '../../errors/describe-thrown';
import { ATTRIBUTE, type Failure } from './attributes';
import type { OpenTelemetryApi } from './open-telemetry-api';

const MAX_STACK_LENGTH = 8_192;

/** Says on a span what went wrong, whatever was thrown. */
export function fail(api: OpenTelemetryApi, span: Span, failure: NonNullable<Failure>): void {
  if (!span.isRecording()) return;
  const { ERROR } = api.SpanStatusCode;
  if ('type' in failure) {
    span.setAttribute(ATTRIBUTE.errorType, failure.type);
    span.setStatus({ code: ERROR, message: failure.type });
    return;
  }
  const { name, message, code } = describeThrown(failure.error);
  span.setAttribute(ATTRIBUTE.errorType, code ?? name);
  span.setStatus({ code: ERROR, message });
  const stack = stackOf(failure.error);
  span.recordException(stack === undefined ? { name, message } : { name, message, stack });
}

function stackOf(thrown: unknown): string | undefined {
  try {
    const stack: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'stack') : undefined;
    return typeof stack === 'string' ? stack.slice(0, MAX_STACK_LENGTH) : undefined;
  } catch {
    // A proxy, or a getter that throws.
    return undefined;
  }
}
