import type { Logger } from '../events/logger';
import type { ResolvedAppOptions } from './app-options';
import { launcherInTheWay } from './launcher';

/** Logs what may surprise whoever starts this process. @param consumes - whether it runs tasks. */
export function warnAtStart(options: ResolvedAppOptions, consumes: boolean, logger: Logger): void {
  warnOfOpenTls(options, logger);
  if (options.handleSignals ?? consumes) warnOfLauncher(logger);
}

function warnOfLauncher(logger: Logger): void {
  const startedBy = launcherInTheWay(process.env, process.stdin.isTTY || process.stderr.isTTY);
  if (startedBy === undefined) return;
  logger.warn(
    { startedBy },
    `SIGTERM may not arrive here: ${startedBy} started this process through a shell, which does not pass it on. Start it with node itself: node dist/worker.js, or node node_modules/warren/dist/cli/main.js worker`,
  );
}

function warnOfOpenTls({ tls }: ResolvedAppOptions, logger: Logger): void {
  if (tls?.rejectUnauthorized !== false) return;
  logger.warn(
    { option: 'tls.rejectUnauthorized' },
    "the broker's certificate is not verified: whoever stands in between can read passwords and tasks",
  );
}
