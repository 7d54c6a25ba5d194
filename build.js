/**
 * Builds everything that runs: TypeScript to dist/, a bundle of commands and services, and what runs as WebAssembly and the
 * page's bundle where their sources exist. Tests and benchmarks are compiled with the product, so that they run the very files that users run.
 * `--changed` keeps what is there and writes only what changed; without it everything is built anew.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** Runs a script; where one fails, the build has failed. What a quiet one says is shown only then. */
async function run(script, args = [], { quiet = false } = {}) {
  const child = spawn(process.execPath, [script, ...args], { stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit' });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => said.push(part));
  const [code] = await once(child, 'close');
  if (code === 0) return;
  process.stderr.write(Buffer.concat(said));
  process.exit(1);
}
const filesOf = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true }).map((name) => `${folder}/${String(name).replaceAll('\\', '/')}`)
    : [];
const newest = (paths) => Math.max(...paths.map((path) => statSync(path).mtimeMs));

if (!existsSync('node_modules/typescript')) {
  console.error(
    existsSync('dist')
      ? 'The build tools are not installed: dist/ stays as it is.'
      : 'The build tools are not installed. Run `npm ci`, which builds, then `npm prune --omit=dev`.',
  );
  process.exit();
}
// The first `npx routewarden` in a checkout installs it into npm's cache, which asks for a build: not under a system that runs.
if (process.env.npm_command === 'exec' && existsSync('dist/program/routewarden.js')) process.exit();
const kept = process.argv.includes('--changed') && existsSync('dist/.tsbuildinfo');
if (!kept) rmSync('dist', { recursive: true, force: true });
// What a deleted source left would run on, and hide that something still asks for it.
for (const folder of ['src', 'queues', 'workers', 'test', 'bench']) {
  for (const output of filesOf(`dist/${folder}`)) {
    const source = output.slice('dist/'.length).replace(/\.js(\.map)?$/, '.ts');
    if (source.endsWith('.ts') && !output.includes('/node_modules/') && !existsSync(source)) rmSync(output);
  }
}
const steps = [
  run('node_modules/typescript/bin/tsc', [
    ...['-p', 'tsconfig.json', '--incremental'],
    ...['--tsBuildInfoFile', 'dist/.tsbuildinfo'],
  ]),
];

for (const [folder, file] of [
  ['src/models/lstm/kernel', 'kernel.wasm'],
  ['src/bgp/scanner', 'scanner.wasm'],
]) {
  const entry = `${folder}/assembly/index.ts`;
  if (!existsSync(entry)) continue;
  const config = `${folder}/asconfig.json`;
  const output = `dist/${folder}/${file}`;
  const sources = [config, 'package-lock.json', ...filesOf(`${folder}/assembly`)];
  if (!existsSync(output) || newest(sources) > newest([output]))
    steps.push(
      // its optimizer remarks that it stopped early, which alarms people and means nothing
      run('node_modules/assemblyscript/bin/asc.js', [entry, '--config', config, '--target', 'release'], {
        quiet: true,
      }),
    );
}
const page = 'src/dashboard/page/build.js';
if (existsSync(page)) {
  const sources = ['package-lock.json', ...filesOf('src/dashboard'), ...filesOf('src/services')];
  if (!existsSync('dist/page/index.html') || newest(sources) > newest(['dist/page/index.html'])) steps.push(run(page));
}
await Promise.all(steps);

const program = 'dist/program/routewarden.js';
const modules = ['src', 'queues', 'workers'].flatMap((folder) => filesOf(`dist/${folder}`));
if (!existsSync(program) || newest([...modules, 'packaging/program.js', 'package-lock.json']) > newest([program]))
  await run('packaging/program.js');

// What the compiled tests find as `@jest/globals`, before that of node_modules: see test/runtime.cjs.
if (existsSync('dist/test')) {
  const globals = 'dist/test/node_modules/@jest/globals';
  mkdirSync(globals, { recursive: true });
  copyFileSync('test/globals.js', `${globals}/index.js`);
  writeFileSync(`${globals}/package.json`, '{ "type": "module", "exports": "./index.js" }\n');
}
