import { Argument, type Command, Option } from 'commander';
import { knownNames, type NameSort, SORTS } from './knownNames.js';
import { UsageError } from './output.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const HOW: Record<Shell, string> = {
  bash: 'source <(routewarden completion bash)       in ~/.bashrc',
  zsh: 'source <(routewarden completion zsh)        in ~/.zshrc, after compinit',
  fish: 'routewarden completion fish | source        in ~/.config/fish/config.fish',
};

export function register(program: Command): void {
  program
    .command('completion')
    .description('Print what makes a shell complete commands, options and their values.')
    .addArgument(new Argument('[shell]', 'which shell').choices(SHELLS))
    .addOption(
      new Option('--names <sort>', 'print names of the running system, as the scripts ask for them').choices(SORTS),
    )
    .addOption(new Option('--of <model>', 'the model whose versions are asked'))
    .addHelpText('after', `\nExamples:\n${SHELLS.map((shell) => `  ${HOW[shell]}`).join('\n')}`)
    .action(async (shell: Shell | undefined, options: { names?: NameSort; of?: string }) => {
      if (options.names !== undefined) {
        process.stdout.write(
          (await knownNames(program, options.names, options.of)).map((name) => `${name}\n`).join(''),
        );
        return;
      }
      if (shell === undefined) throw new UsageError(`name the shell: ${SHELLS.join(', ')}`);
      process.stdout.write(completionScript(program, shell));
    });
}

/** @returns a script for the shell to read, made from the tree of commands as it is */
export function completionScript(program: Command, shell: Shell): string {
  if (shell === 'fish') return fishScript(program);
  const bash = bashScript(program);
  return shell === 'bash' ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

/** Arguments whose values the database knows. */
const ARGUMENTS: Record<string, NameSort> = {
  model: 'models',
  version: 'versions',
  left: 'versions',
  right: 'versions',
};

interface Place {
  /** Names of the commands that lead here, without the program's. */
  path: string[];
  command: Command;
  options: Option[];
  /** What the database knows and may come here, argument by argument. */
  names: (NameSort | null)[];
  /** What may come here as a word: names of sub-commands, or choices of an argument. */
  words: { name: string; what: string }[];
}

/** All commands and sub-commands, each with what can be written after it. */
function placesOf(program: Command): Place[] {
  const walk = (command: Command, path: string[], inherited: readonly Option[]): Place[] => {
    const help = command.createHelp();
    const options = [...help.visibleOptions(command), ...inherited];
    const subcommands = help.visibleCommands(command);
    const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
    return [
      {
        path,
        command,
        options,
        names: command.registeredArguments.map((argument) => ARGUMENTS[argument.name()] ?? null),
        words: [
          ...subcommands.map((each) => ({ name: each.name(), what: each.description() })),
          ...choices.map((name) => ({ name, what: '' })),
        ],
      },
      ...command.commands.flatMap((each) => walk(each, [...path, each.name()], program.options)),
    ];
  };
  return walk(program, [], []);
}

const flagsOf = (option: Option): string[] => [option.short, option.long].filter((flag) => flag !== undefined);
const takesValue = (option: Option): boolean => option.required || option.optional;
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function bashScript(program: Command): string {
  const places = placesOf(program);
  const valued = new Map<string, string[]>();
  for (const { options } of places) {
    for (const option of options) {
      if (takesValue(option)) for (const flag of flagsOf(option)) valued.set(flag, option.argChoices ?? []);
    }
  }
  const paths = places.filter(({ path }) => path.length > 0).map(({ path }) => path.join(' '));
  const values = [...valued].map(
    ([flag, choices]) =>
      `    ${flag}) COMPREPLY=($(compgen -W ${flag === '--stream' ? '"$(_routewarden_names streams)"' : quoted(choices.join(' '))} -- "$current")); return ;;`,
  );
  const answers = places.map(({ path, options, words, names }) => {
    const flags = options.flatMap(flagsOf).join(' ');
    return `    ${quoted(path.join(' '))}) words=${quoted(words.map(({ name }) => name).join(' '))} options=${quoted(flags)} names=(${names.map((name) => name ?? '-').join(' ')}) ;;`;
  });
  // Where nothing fits, -o default completes file names.
  return `_routewarden_names() { "\${COMP_WORDS[0]}" completion --names "$@" 2>/dev/null; }
_routewarden() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' options='' word index
  local operands=() names=()
  COMPREPLY=()
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
  esac
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in
      ${[...valued.keys()].join('|')}) index=$((index + 1)); continue ;;
    esac
    case "\${path:+$path }$word" in
      ${paths.map(quoted).join('|')}) path="\${path:+$path }$word" operands=() ;;
      *) [[ "$word" == -* ]] || operands+=("$word") ;;
    esac
  done
  case "$path" in
${answers.join('\n')}
  esac
  case "$current" in
    -*) ;;
    *)
      case "\${names[\${#operands[@]}]}" in
        models) words="$words $(_routewarden_names models)" ;;
        versions) words="$words $(_routewarden_names versions --of "\${operands[0]}")" ;;
      esac ;;
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -o default -F _routewarden routewarden
`;
}

function fishScript(program: Command): string {
  const places = placesOf(program);
  const paths = places.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')));
  const valued = new Set(places.flatMap(({ options }) => options.filter(takesValue).flatMap(flagsOf)));
  // fish's own __fish_use_subcommand takes the value of an option before the command for the command.
  const lines = [
    `function __routewarden_at
  set -l words (commandline -opc)
  set -e words[1]
  set -l path ''
  set -l value 0
  for word in $words
    if test $value = 1
      set value 0
    else if contains -- $word ${[...valued].join(' ')}
      set value 1
    else
      set -l longer (string trim -- "$path $word")
      if contains -- $longer ${paths.join(' ')}
        set path $longer
      end
    end
  end
  test "$path" = "$argv[1]"
end`,
  ];
  for (const { path, command, options, words, names } of places) {
    const at = quoted(`__routewarden_at "${path.join(' ')}"`);
    // File names would drown the words where nothing but one of them can come.
    const anything = command.registeredArguments.some(({ argChoices }) => argChoices === undefined);
    if (words.length > 0 && !anything) lines.push(`complete -c routewarden -f -n ${at}`);
    if (names.includes('models'))
      lines.push(
        `complete -c routewarden -f -n ${at} -a '(type -q routewarden; and routewarden completion --names models 2>/dev/null)'`,
      );
    if (names.includes('versions')) {
      lines.push(
        `complete -c routewarden -f -n ${at} -a '(type -q routewarden; and routewarden completion --names versions --of (commandline -opc)[-1] 2>/dev/null)'`,
      );
    }
    for (const { name, what } of words) {
      lines.push(`complete -c routewarden -n ${at} -a ${quoted(name)}${what === '' ? '' : ` -d ${quoted(what)}`}`);
    }
    for (const option of options) {
      const flags = [
        ...(option.short === undefined ? [] : [`-s ${option.short.slice(1)}`]),
        ...(option.long === undefined ? [] : [`-l ${option.long.slice(2)}`]),
        ...(takesValue(option) ? ['-r'] : []),
        ...(option.long === '--stream'
          ? [`-f -a '(type -q routewarden; and routewarden completion --names streams 2>/dev/null)'`]
          : []),
        ...(option.argChoices === undefined ? [] : [`-a ${quoted(option.argChoices.join(' '))}`]),
      ];
      lines.push(`complete -c routewarden -n ${at} ${flags.join(' ')} -d ${quoted(option.description)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
