import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/config/paths.js';
import { freePort } from '../../src/storage/freePort.js';

interface Lock {
  packages: Record<string, { dev?: boolean }>;
}

let folder: string;
let unpacked: string;
let files: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-packed-'));
  // Without scripts: `prepare` would build anew under the feet of the other tests.
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: packageRoot,
      encoding: 'utf8',
    }),
  ) as { filename: string; files: { path: string }[] }[];
  files = packed!.files.map(({ path }) => path);
  execFileSync('tar', ['-xzf', packed!.filename], { cwd: folder });
  unpacked = join(folder, 'package');
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package holds what runs, and none of the tests, benches or sources', () => {
  const folders = new Set(files.map((path) => path.split('/').slice(0, 2).join('/')));
  expect([...folders].filter((path) => path.startsWith('dist/')).sort()).toEqual([
    'dist/page',
    'dist/program',
    'dist/src',
  ]);
  expect(files.filter((path) => /\.ts$|^(test|bench|\.ci)\//.test(path))).toEqual([]);
});

test('with the production packages alone, the demo of the unpacked package serves its page', async () => {
  const lock = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as Lock;
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    // Nested packages come with the folder that holds them.
    const from = join(packageRoot, path);
    if (dev === true || !/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || !existsSync(from)) continue;
    mkdirSync(dirname(join(unpacked, path)), { recursive: true });
    symlinkSync(from, join(unpacked, path));
  }
  const port = await freePort();
  const demo = spawn(
    process.execPath,
    [
      '--preserve-symlinks',
      'bin/routewarden.js',
      '--data-directory',
      join(folder, 'data'),
      'demo',
      '--port',
      `${port}`,
    ],
    { cwd: unpacked, env: { PATH: process.env.PATH, HOME: folder }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const said: string[] = [];
  demo.stderr.on('data', (chunk) => said.push(String(chunk)));
  const ended = once(demo, 'exit');
  try {
    const overview = await firstMinutes(`http://127.0.0.1:${port}/api/overview`, () => demo.exitCode === null);
    expect({ overview, said: overview === null ? said.join('') : '' }).toEqual({
      overview: expect.any(String),
      said: '',
    });
  } finally {
    demo.kill('SIGINT');
    await ended;
  }
}, 120_000);

/** The answer once it names the demo's stream; null when the demo ended before. */
async function firstMinutes(url: string, running: () => boolean): Promise<string | null> {
  for (; running(); await new Promise((next) => setTimeout(next, 250))) {
    const answer = await fetch(url).catch(() => null);
    const text = answer?.ok ? await answer.text() : '';
    if (text.includes('"demo"')) return text;
  }
  return null;
}
