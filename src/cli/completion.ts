import type { Command } from 'commander';
import type { NameKind } from './known-names';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** One command of the tree, as a shell completes it. */
interface CompletedCommand {
  /** `dead replay`; empty for the program itself. */
  readonly path: string;
  readonly description: string;
  readonly subcommands: readonly { readonly name: string; readonly description: string }[];
  /** What its arguments may be, where that is a choice. */
  readonly choices: readonly string[];
  /** What its arguments are the names of, where the project knows those. */
  readonly names: NameKind | undefined;
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly values: readonly string[];
    readonly names: NameKind | undefined;
    /** What is completed as a file's name; of other values nothing is known. */
    readonly value: 'none' | 'file' | 'other';
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
    subcommands: visible(command).map((sub) => ({ name: sub.name(), description: firstSentence(sub.description()) })),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    names: command.registeredArguments
      .map((argument) => namesOf(argument.name(), path))
      .find((kind) => kind !== undefined),
    options: [
      ...options.map(({ long, description, argChoices, required, flags }) => ({
        flag: long ?? '',
        description: firstSentence(description),
        values: argChoices ?? [],
        names: namesOf((long ?? '').replace(/^--/, ''), path),
        value: !required ? ('none' as const) : /<(file|glob)>/.test(flags) ? ('file' as const) : ('other' as const),
      })),
      { flag: '--help', description: 'display help for command', values: [], names: undefined, value: 'none' as const },
    ],
  };
  return [own, ...visible(command).flatMap((sub) => flatten(sub, [...path, sub.name()]))];
}

/** By what arguments and options are called in the help. */
function namesOf(name: string, path: readonly string[]): NameKind | undefined {
  if (name === 'task') return 'tasks';
  if (name === 'queue' || name === 'queues') return 'queues';
  return name === 'name' && path[0] === 'schedules' ? 'schedules' : undefined;
}

const visible = (command: Command): readonly Command[] =>
  command.commands.filter((sub) => !sub.name().startsWith('__'));

const firstSentence = (text: string): string => text.split(/(?<=[.:]) /, 1)[0]?.replace(/[.:]$/, '') ?? '';
const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function bashScript(commands: readonly CompletedCommand[]): string {
  const wordsOf = ({ subcommands, choices, options }: CompletedCommand): string =>
    [...subcommands.map(({ name }) => name), ...choices, ...options.map(({ flag }) => flag)].join(' ');
  const cases = commands.map(
    (command) => `    ${shellQuoted(command.path)}) offered=${shellQuoted(wordsOf(command))} ;;`,
  );
  const paths = commands.flatMap(({ path }) => (path === '' ? [] : [shellQuoted(path)])).join('|');
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter((option) => option.values.length > 0)
      .map(
        ({ flag, values: choices }) =>
          `    ${shellQuoted(`${path} ${flag}`)}) offered=${shellQuoted(choices.join(' '))}; names='' ;;`,
      ),
  );
  // Of a limit or an id nothing is known, and an option or a queue in its place would be wrong.
  const unknownValues = commands.flatMap(({ path, options }) =>
    options.flatMap(({ flag, value, values: choices, names }) =>
      value === 'none' || choices.length > 0 || names !== undefined
        ? []
        : [`    ${shellQuoted(`${path} ${flag}`)}) offered=''; names=''${value === 'file' ? '' : "; files=''"} ;;`],
    ),
  );
  const named = commands.flatMap(({ path, names }) =>
    names === undefined ? [] : [`    ${shellQuoted(path)}) names=${names} ;;`],
  );
  const namedOptions = commands.flatMap(({ path, options }) =>
    options.flatMap(({ flag, names }) =>
      names === undefined ? [] : [`    ${shellQuoted(`${path} ${flag}`)}) names=${names}; offered='' ;;`],
    ),
  );
  // Names that mean nothing to zsh, which reads this too: there, "path" is $PATH and "words" is the line.
  return `# Completion of warren. Load it with: source <(warren completion bash)
_warren() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" chosen='' next offered='' names='' files=yes index=1
  local -a project
  while [ "$index" -lt "$COMP_CWORD" ]; do
    next="\${chosen:+$chosen }\${COMP_WORDS[index]}"
    case "$next" in
      ${paths}) chosen="$next" ;;
    esac
    case "\${COMP_WORDS[index]}" in
      --config|--tasks) project+=("\${COMP_WORDS[index]}" "\${COMP_WORDS[index+1]}") ;;
    esac
    index=$((index + 1))
  done
  case "$chosen" in
${cases.join('\n')}
  esac
  case "$chosen" in
${named.join('\n')}
  esac
  case "$chosen $previous" in
${[...values, ...namedOptions, ...unknownValues].join('\n')}
  esac
  case "$current" in
    -*) ;;
    *) if [ -n "$names" ]; then offered="$offered $("\${COMP_WORDS[0]}" __names "$names" "\${project[@]}" 2>/dev/null)"; fi ;;
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ] && [ -n "$files" ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -F _warren warren
`;
}

const fishNames = (kind: NameKind): string => `(warren __names ${kind} 2>/dev/null)`;

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, subcommands, choices: argumentChoices, names: argumentNames, options }) => {
    const names = subcommands.map(({ name }) => name).join(' ');
    const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const here = path === '' ? '__fish_use_subcommand' : seen.join('; and ');
    const notDeeper = path !== '' && names !== '' ? `${here}; and not __fish_seen_subcommand_from ${names}` : here;
    return [
      ...subcommands.map(
        ({ name, description }) =>
          `complete -c warren -n ${shellQuoted(notDeeper)} -f -a ${name} -d ${shellQuoted(description)}`,
      ),
      ...(argumentChoices.length === 0
        ? []
        : [`complete -c warren -n ${shellQuoted(notDeeper)} -f -a ${shellQuoted(argumentChoices.join(' '))}`]),
      ...(argumentNames === undefined
        ? []
        : [`complete -c warren -n ${shellQuoted(notDeeper)} -f -a ${shellQuoted(fishNames(argumentNames))}`]),
      ...options.map(({ flag, description, values, names: optionNames, value }) => {
        const offered = optionNames === undefined ? values.join(' ') : fishNames(optionNames);
        const unknown = value === 'none' ? '' : value === 'file' ? ' -r -F' : ' -x';
        const choices = offered === '' ? unknown : ` -x -a ${shellQuoted(offered)}`;
        return `complete -c warren -n ${shellQuoted(notDeeper)} -l ${flag.replace(/^--/, '')} -d ${shellQuoted(description)}${choices}`;
      }),
    ];
  });
  return `# Completion of warren. Load it with: warren completion fish | source\n${lines.join('\n')}\n`;
}
