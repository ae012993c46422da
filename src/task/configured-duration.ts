import { ConfigurationError } from '../errors/configuration-error';
import { describeValue } from '../options/describe-value';
import { DURATION_FORMS, type Duration, parseDuration } from '../time/duration';

/**
 * A text of a configuration as a duration: the types of options take literals such as `'5s'`, which the compiler checks, and
 * no other text. Checked at once, so that the error names the variable that is wrong.
 *
 * @param text - `'250ms'`, `'5s'`, `'10m'`, `'2h'`, `'7d'`, decimals allowed.
 * @param name - what it is called where it comes from, such as `ORDER_DELAY`.
 * @throws ConfigurationError where it is no duration.
 * @example `duration(process.env['ORDER_DELAY'] ?? '5s', 'ORDER_DELAY')`
 */
export function duration(text: string | number | undefined, name = 'the duration'): Duration {
  if (parseDuration(text) !== undefined) return text as Duration;
  throw new ConfigurationError([`${name} must be ${DURATION_FORMS}, got ${describeValue(text)}`]);
}
