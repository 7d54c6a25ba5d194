import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Command, CommanderError } from 'commander';
import { createProgram } from '../../src/cli/program.js';
import { routewarden } from '../support/command.js';
import { commands, SCRIPTS, synopsis, texts } from './typed.js';

/** The same command line without anything done: parsed to the end, then nothing. */
async function harmless(): Promise<Command> {
  const program = await createProgram();
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    // Some commands that have sub-commands do something by themselves too.
    if (command.parent !== null) command.action(() => {});
    command.commands.forEach(quiet);
  };
  quiet(program);
  return program;
}

describe('the commands in the documentation', () => {
  test('are found', () => {
    expect(commands.length).toBeGreaterThan(40);
    expect(new Set(commands.map(({ words }) => words[0])).size).toBeGreaterThan(12);
  });

  test.each(commands.map(({ where, words }) => ({ where, line: synopsis(words) })))(
    '$where: routewarden $line',
    async ({ line }) => {
      try {
        await (await harmless()).parseAsync(line, { from: 'user' });
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

  test('name every command that there is', async () => {
    const text = readFileSync('docs/cli.md', 'utf8');
    const missing = (await createProgram()).commands
      .map((command) => command.name())
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

  test('docs/configuration.md is what the command prints, and every setting has its meaning', async () => {
    const { stdout } = await routewarden(['config', '--reference']);
    expect(readFileSync('docs/configuration.md', 'utf8')).toBe(stdout);
    expect(stdout.split('\n').filter((line) => /^\| `.*\|\s*\|$/.test(line))).toEqual([]);
  }, 30_000);

  test('docs/features.md is what the command prints', async () => {
    const { stdout } = await routewarden(['features', '--catalogue']);
    expect(readFileSync('docs/features.md', 'utf8').trim()).toBe(stdout.trim());
  });
});
