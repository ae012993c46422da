import { assertNever } from '../../errors/assert-never';
import { describeThrown } from '../../errors/describe-thrown';
import type { PayloadType } from '../../task/payload-type';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../json-budget';
import { compileClassPayload } from './class-payload';
import { LossFinder } from './find-losses';
import type { PayloadCheck, PayloadCheckOptions, PayloadResult } from './payload-check';
import { failPayload, kindOf } from './payload-failure';
import { ProblemList } from './problem-list';

/**
 * Prepares the check of a task's payload: once a task, not once a message.
 *
 * @throws ConfigurationError when the payload's class cannot be checked.
 *
 * @see docs/decisions/016-payloads-are-written-and-made-here.md
 */
export function compilePayload(payload: PayloadType, options: PayloadCheckOptions): PayloadCheck {
  switch (payload.kind) {
    case 'class':
      return compileClassPayload(payload.type, options);
    case 'primitive':
      return Object.freeze({ check: (value: unknown) => checkPrimitive(value, payload.type), toWire: asItIs });
    case 'none':
      return Object.freeze({
        check: options.unknownKeys === 'refuse' ? refusePayload : ignorePayload,
        toWire: nullIfAbsent,
      });
    case 'unchecked':
      return Object.freeze({
        check: options.unknownKeys === 'refuse' ? checkFreeForm(options.limits ?? DEFAULT_JSON_LIMITS) : asItIs,
        toWire: nullIfAbsent,
      });
    default:
      return assertNever(payload);
  }
}

function checkPrimitive(value: unknown, type: 'string' | 'number' | 'boolean'): PayloadResult {
  if (value === undefined) return failPayload('missing', `is missing; expected a ${type}`);
  if (typeof value !== type) return failPayload('type', `must be a ${type}, not ${kindOf(value)}`);
  if (type === 'number' && !Number.isFinite(value))
    return failPayload('type', 'must be a finite number; JSON has no other');
  return { ok: true, payload: value };
}

/** Handlers without a parameter also serve messages of others, which have a body. */
function ignorePayload(): PayloadResult {
  return { ok: true, payload: undefined };
}

function refusePayload(value: unknown): PayloadResult {
  if (value === undefined || value === null) return { ok: true, payload: undefined };
  return failPayload('type', `must be left out: the task takes no payload, and got ${kindOf(value)}`);
}

/** Free-form data is not validated; what JSON would change or lose of it is refused all the same. */
const checkFreeForm =
  (limits: JsonLimits) =>
  (payload: unknown): PayloadResult => {
    const problems = new ProblemList();
    try {
      const limit = new LossFinder(problems, limits).findInFreeForm(payload);
      if (limit !== undefined) return failPayload('limit', limit);
      return problems.isEmpty ? { ok: true, payload } : problems.toFailure();
    } catch (thrown) {
      return failPayload('json', `cannot be written as JSON: a getter threw ${describeThrown(thrown).name}`);
    }
  };

function asItIs(payload: unknown): PayloadResult {
  return { ok: true, payload };
}

function nullIfAbsent(payload: unknown): PayloadResult {
  return { ok: true, payload: payload === undefined ? null : payload };
}
