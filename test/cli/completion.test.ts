import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { completionScript } from '../../src/cli/completion.js';
import { createProgram } from '../../src/cli/program.js';
import { SERVICES } from '../../src/services/catalogue.js';

const program = await createProgram();
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

/** Why a shell cannot be tried here; null when it can. @throws Error in CI, where it must be there */
function whyNo(shell: string): string | null {
  if (spawnSync(shell, ['--version']).error === undefined) return null;
  const reason = `no ${shell} here: apt-get install ${shell}`;
  if (process.env.CI) throw new Error(reason);
  return reason;
}

const LINES: [line: string, offered: string[]][] = [
  ['routewarden retr', ['retrain']],
  ['routewarden --config some.json sta', ['start', 'status']],
  ['routewarden run dri', ['drift-monitor']],
  ['routewarden alerts te', ['test']],
  ['routewarden alerts test --js', ['--json']],
  ['routewarden retrain lstm@rrc00 --det', ['--detach']],
  ['routewarden nonsense-without-', []],
];

test('fish is told of every command', () => {
  const fish = completionScript(program, 'fish');
  for (const command of program.commands) expect(fish).toContain(`-a '${command.name()}'`);
  expect(fish).toContain(`__routewarden_at "alerts test"`);
});

const noFish = whyNo('fish');
(noFish === null ? describe : describe.skip)(`fish itself${noFish === null ? '' : ` (${noFish})`}`, () => {
  /** What fish would offer, in its order, without the descriptions. */
  function inFish(lines: string[]): string[][] {
    const asked = lines.map((line) => `complete -C '${line}'; echo ---`).join('\n');
    const { stdout, stderr, status } = spawnSync('fish', ['--no-config', '-c', `${fish}\n${asked}`], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    return stdout
      .split('---\n')
      .slice(0, -1)
      .map((text) => text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]!])));
  }
  const fish = completionScript(program, 'fish');

  test('offers what bash offers', () => {
    expect(inFish(LINES.map(([line]) => line))).toEqual(LINES.map(([, words]) => words));
  });

  test('offers the words alone where only they can stand', () => {
    const [alerts, shells] = inFish(['routewarden alerts ', 'routewarden completion ']);
    expect(alerts).toEqual(expect.arrayContaining(['list', 'test']));
    expect(shells).toEqual(['bash', 'fish', 'zsh']);
    expect(alerts).not.toContain('package.json');
  });
});

const noZsh = whyNo('zsh');
(noZsh === null ? test : test.skip)(
  `zsh itself completes what is typed before a tab${noZsh === null ? '' : ` (${noZsh})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'routewarden-zsh-'));
    try {
      const file = join(folder, 'completion');
      writeFileSync(file, completionScript(program, 'zsh'));
      const single = LINES.filter(([, words]) => words.length === 1);
      // zsh on a terminal of its own: only there it completes. A tab, then "echo" of the line that it made of it.
      const driver = `
zmodload zsh/zpty
zpty shell env TERM=dumb zsh -f -i
heard=
until_heard() { local part; integer n=0; while [[ $heard != *$1* ]] && (( n++ < 100 )); do while zpty -r -t shell part; do heard+=$part; done; sleep 0.1; done }
zpty -w shell 'autoload -U compinit && compinit -u -d ${folder}/dump && source ${file} && routewarden() { print -r "<$*>" } && print rea""dy'
until_heard ready
${single.map(([line], index) => `zpty -w -n shell '${line}'$'\\t'; sleep 0.3; zpty -w shell ' end${index}'; until_heard 'end${index}>'`).join('\n')}
print -r -- $heard
`;
      const { stdout } = spawnSync('zsh', ['-f', '-c', driver], { encoding: 'utf8', timeout: 50_000 });
      const ran = [...stdout.matchAll(/<([^>]*?) +end\d+>/g)].map(([, words]) => words);
      expect([...new Set(ran)]).toEqual(
        single.map(([line, [word]]) => [...line.split(' ').slice(1, -1), word].join(' ')),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
