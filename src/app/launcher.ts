/**
 * The package manager that has started this process, where its signals may not arrive: npm, npx and their like run a shell
 * that runs the process, and that shell ends on SIGTERM without passing it on. In a terminal that is no matter, because the
 * terminal sends Ctrl-C to all of them.
 */
export function launcherInTheWay(environment: NodeJS.ProcessEnv, isTerminal: boolean): string | undefined {
  const { npm_lifecycle_event: script, npm_command: command, npm_config_user_agent: agent = '' } = environment;
  if (isTerminal || (script === undefined && command === undefined)) return undefined;
  return /^(npm|pnpm|yarn|bun)\//.exec(agent)?.[1] ?? 'npm';
}
