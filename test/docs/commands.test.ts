import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Command, CommanderError } from 'commander';
import { createProgram } from '../../src/cli/program.js';
import { routewarden } from '../support/command.js';

const FILES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const SCRIPTS = Object.keys((JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object }).scripts);

interface Found {
  where: string;
  /** As written, without what comes before the program's name. */
  words: string[];
}

/** Text that a reader would type: what stands in code blocks and between back quotes. */
function typed(file: string): { where: string; text: string }[] {
  const found: { where: string; text: string }[] = [];
  let block = false;
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const where = `${file}:${index + 1}`;
    if (/^\s*```/.test(line)) block = !block;
    else if (block) found.push({ where, text: line.replace(/\s+#.*$/, '') });
    else for (const [, text] of line.matchAll(/`([^`]+)`/g)) found.push({ where, text: text! });
  }
  return found;
}

/** The words of a shell command up to what ends it; quotes hold words together. */
function shellWords(text: string): string[] {
  const words: string[] = [];
  for (const [, quotedWord, bare] of text.matchAll(/'([^']*)'|((?:"[^"]*"|[^\s'"])+)/g)) {
    if (bare !== undefined && /^(&&|\|\||[|;>&)]|\d?>.*)/.test(bare)) break;
    words.push(quotedWord ?? bare!.replaceAll('"', '').replace(/[;)]+$/, ''));
  }
  return words;
}

const texts = FILES.flatMap(typed);
const commands: Found[] = texts.flatMap(({ where, text }) =>
  [
    ...text.matchAll(
      /(?:^|[\s(;])(?:npx |node bin\/)?routewarden(?:\.js)? (?=[a-z[-])(.*?)(?=(?:&& )?(?:npx )?routewarden |$)/g,
    ),
  ]
    // The other meanings of the name: a system user, a database, a path.
    .filter(({ index }) => !/(psql|createdb|useradd|User=|Group=|-d|systemctl \S+)\s*$/.test(text.slice(0, index + 1)))
    .map(([, rest]) => ({ where, words: shellWords(rest!) })),
);

/** The same command line without anything done: parsed to the end, then nothing. */
function harmless(): Command {
  const program = createProgram();
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(quiet);
  };
  quiet(program);
  return program;
}

/** Brackets of a synopsis mean "may be left out"; it must parse with all of it. */
const synopsis = (words: readonly string[]): string[] =>
  words.map((word) => word.replace(/^\[|\]$/g, '').replace(/\.\.\.$/, '')).filter((word) => word !== '');

describe('the commands in the documentation', () => {
  test('are found', () => {
    expect(commands.length).toBeGreaterThan(40);
    expect(new Set(commands.map(({ words }) => words[0])).size).toBeGreaterThan(12);
  });

  test.each(commands.map(({ where, words }) => ({ where, line: synopsis(words) })))(
    '$where: routewarden $line',
    async ({ line }) => {
      try {
        await harmless().parseAsync(line, { from: 'user' });
      } catch (error) {
        const fault = error as CommanderError;
        if (fault instanceof CommanderError && fault.exitCode === 0) return; // --help and --version
        // A page may speak of a command by its name alone.
        if (fault instanceof CommanderError && line.length === 1 && /missingArgument|missingMandatory/.test(fault.code))
          return;
        throw error;
      }
    },
  );

  test('name every command that there is', () => {
    const text = readFileSync('docs/cli.md', 'utf8');
    const missing = createProgram()
      .commands.map((command) => command.name())
      .filter((name) => !new RegExp(`^\\| \`${name}[ \`]`, 'm').test(text));
    expect(missing).toEqual([]);
  });

  test('of npm are scripts that there are', () => {
    const named = texts.flatMap(({ where, text }) =>
      [...text.matchAll(/\bnpm (?:run (?:-s )?([a-z-]+)|(test|start)\b)/g)].map(([, run, own]) => ({
        where,
        script: run ?? own!,
      })),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ script }) => !SCRIPTS.includes(script))).toEqual([]);
  });

  test('that need no store are run as they stand', async () => {
    const safe = commands.filter(({ words }) => words[0] === 'config' || words.includes('--catalogue'));
    expect(safe.length).toBeGreaterThan(1);
    for (const line of new Set(safe.map(({ words }) => words.join(' ')))) {
      const ended = await routewarden(line.split(' '));
      expect([line, ended.code, ended.stdout.length > 100]).toEqual([line, 0, true]);
    }
  }, 30_000);

  test('docs/features.md is what the command prints', async () => {
    const { stdout } = await routewarden(['features', '--catalogue']);
    expect(readFileSync('docs/features.md', 'utf8').trim()).toBe(stdout.trim());
  });
});
