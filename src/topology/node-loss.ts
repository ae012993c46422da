/** How long a queue may keep what a consumer on a lost node had out, in milliseconds: longer than a short break of the network. */
export const RECOMMENDED_DISCONNECTED_TIMEOUT_MS = 10_000;

/**
 * Whether a broker waits before it takes back what a consumer on a lost node had out, 60 s where nobody has said otherwise
 * (`consumer-disconnected-timeout`). RabbitMQ since 4.3; before, it takes it back at once.
 *
 * @param version - RabbitMQ's; may be `unknown`.
 */
export function hasDisconnectedTimeout(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 4 || (major === 4 && minor >= 3);
}
