import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { completionScript } from '../../src/cli/completion.js';
import { createProgram } from '../../src/cli/program.js';
import { SERVICES } from '../../src/services/catalogue.js';

const program = createProgram();
const script = completionScript(program, 'bash');

/** What bash offers for each of the lines; the last word is the one under the cursor. */
function offered(lines: string[][]): string[][] {
  const asked = lines.map((words) => {
    const line = ['routewarden', ...words].map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _routewarden; echo "\${COMPREPLY[*]}"`;
  });
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', `${script}\n${asked.join('\n')}`], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout
    .slice(0, -1)
    .split('\n')
    .map((line) => (line === '' ? [] : line.split(' ')));
}

function all(command: Command, path: string[] = []): { path: string[]; command: Command }[] {
  return [{ path, command }, ...command.commands.flatMap((each) => all(each, [...path, each.name()]))];
}

describe('completion in bash', () => {
  test('offers every command, sub-command and option that the command line has', () => {
    const places = all(program);
    expect(places.length).toBeGreaterThan(20);
    const words = offered(places.map(({ path }) => [...path, '']));
    const flags = offered(places.map(({ path }) => [...path, '--']));
    for (const [index, { path, command }] of places.entries()) {
      const names = command.commands.map((each) => each.name());
      expect([path, words[index]]).toEqual([path, expect.arrayContaining(names)]);
      const own = command.options.map(({ long }) => long);
      expect([path, flags[index]]).toEqual([path, expect.arrayContaining([...own, '--help', '--data-directory'])]);
    }
  });

  test('finishes a word, passes over values, and knows the choices', () => {
    const names = SERVICES.map(({ name }) => name);
    expect(
      offered([
        ['stat'],
        ['--config', 'start', 'stat'],
        ['run', ''],
        ['start', 'trainer', 'drift'],
        ['completion', ''],
        ['status', '--js'],
        ['--config', ''],
        ['nonsense-without-end'],
      ]),
    ).toEqual([['status'], ['status'], names, ['drift-monitor'], ['bash', 'zsh', 'fish'], ['--json'], [], []]);
  });
});

test('fish is told of every command', () => {
  const fish = completionScript(program, 'fish');
  for (const command of program.commands) expect(fish).toContain(`-a '${command.name()}'`);
  expect(fish).toContain(`__fish_seen_subcommand_from alerts; and __fish_seen_subcommand_from test`);
});
