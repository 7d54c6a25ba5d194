/**
 * `npm run check`: what can be said of the code without running it. Lint, types, import rules and dead code at the same
 * time, and how the documentation is wrapped; what fails shows its output. `--built` leaves out the types, which the build has checked.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { LONGEST, longInPages, WIDTH, wideLines } from './prose.js';

const CHECKS = [
  ['lint', '@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  ['types', 'typescript/bin/tsc', '--noEmit'],
  ['types of the page', 'typescript/bin/tsc', '-p', 'src/dashboard/page/tsconfig.json', '--noEmit'],
  [
    'import rules',
    'dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'src',
    'queues',
    'workers',
  ],
  ['dead code', 'knip/bin/knip.js'],
];
/** The order of the parts, as the import rules hold it: each uses only what stands before it. */
function order() {
  const { forbidden } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
  const parts = forbidden.flatMap(({ name }) => (name.startsWith('order: ') ? [name.slice('order: '.length)] : []));
  return `       ${[...parts, 'workers'].join(' < ')}`;
}
const built = process.argv.includes('--built');

async function check([name, program, ...words]) {
  if (!existsSync(`node_modules/${program}`)) {
    console.log(
      `${process.env.CI ? 'FAILED' : 'skipped'} ${name}: node_modules/${program} is not there, run \`npm ci\``,
    );
    return !process.env.CI;
  }
  const began = performance.now();
  const child = spawn(process.execPath, [`node_modules/${program}`, ...words]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const code = await new Promise((done) => child.once('close', done));
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  if (code !== 0) console.log(said.trim());
  else if (name === 'import rules') console.log(`${order()}; 0 exceptions`);
  return code === 0;
}

/** What is wrong with the pages, in a line of its own for each rule. */
function prose(name, faults) {
  console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  if (faults.length > 0) console.log(faults.join('\n'));
  return faults.length === 0;
}

const written = [
  prose(`prose within ${WIDTH} columns`, wideLines()),
  prose(`sentences within ${LONGEST} words`, longInPages()),
].every(Boolean);
const passed = await Promise.all(CHECKS.filter(([name]) => !(built && name.startsWith('types'))).map(check));
process.exitCode = written && passed.every(Boolean) ? 0 : 1;
