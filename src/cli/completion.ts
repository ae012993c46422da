import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** One command of the tree, as a shell completes it. */
interface CompletedCommand {
  /** `dead replay`; empty for the program itself. */
  readonly path: string;
  readonly description: string;
  readonly subcommands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly values: readonly string[];
  }[];
}

/** A script that a shell sources. It is made from the commands themselves, so it cannot lag behind them. */
export function completionScript(program: Command, shell: Shell): string {
  const commands = flatten(program, []);
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      // zsh reads bash's completion as it is.
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`;
    case 'fish':
      return fishScript(commands);
  }
}

function flatten(command: Command, path: readonly string[]): readonly CompletedCommand[] {
  const options = command.options.filter(({ hidden, long }) => !hidden && long !== undefined);
  const own: CompletedCommand = {
    path: path.join(' '),
    description: command.description(),
    subcommands: command.commands.map((sub) => ({ name: sub.name(), description: firstSentence(sub.description()) })),
    options: [
      ...options.map(({ long, description, argChoices }) => ({
        flag: long ?? '',
        description: firstSentence(description),
        values: argChoices ?? [],
      })),
      { flag: '--help', description: 'display help for command', values: [] },
    ],
  };
  return [own, ...command.commands.flatMap((sub) => flatten(sub, [...path, sub.name()]))];
}

const firstSentence = (text: string): string => text.split(/(?<=[.:]) /, 1)[0]?.replace(/[.:]$/, '') ?? '';
const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function bashScript(commands: readonly CompletedCommand[]): string {
  const wordsOf = ({ subcommands, options }: CompletedCommand): string =>
    [...subcommands.map(({ name }) => name), ...options.map(({ flag }) => flag)].join(' ');
  const cases = commands.map(
    (command) => `    ${shellQuoted(command.path)}) words=${shellQuoted(wordsOf(command))} ;;`,
  );
  const paths = commands.flatMap(({ path }) => (path === '' ? [] : [shellQuoted(path)])).join('|');
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter((option) => option.values.length > 0)
      .map(
        ({ flag, values: choices }) =>
          `    ${shellQuoted(`${path} ${flag}`)}) words=${shellQuoted(choices.join(' '))} ;;`,
      ),
  );
  return `# Completion of warren. Load it with: source <(warren completion bash)
_warren() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path='' next words word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${paths}) path="$next" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  case "$path $previous" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -F _warren warren
`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, subcommands, options }) => {
    const names = subcommands.map(({ name }) => name).join(' ');
    const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const here = path === '' ? '__fish_use_subcommand' : seen.join('; and ');
    const notDeeper = path !== '' && names !== '' ? `${here}; and not __fish_seen_subcommand_from ${names}` : here;
    return [
      ...subcommands.map(
        ({ name, description }) =>
          `complete -c warren -n ${shellQuoted(notDeeper)} -f -a ${name} -d ${shellQuoted(description)}`,
      ),
      ...options.map(({ flag, description, values }) => {
        const choices = values.length === 0 ? '' : ` -x -a ${shellQuoted(values.join(' '))}`;
        return `complete -c warren -n ${shellQuoted(notDeeper)} -l ${flag.replace(/^--/, '')} -d ${shellQuoted(description)}${choices}`;
      }),
    ];
  });
  return `# Completion of warren. Load it with: warren completion fish | source\n${lines.join('\n')}\n`;
}
