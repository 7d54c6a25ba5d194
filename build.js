/**
 * Builds everything that runs: TypeScript to dist/, the WebAssembly kernel and the page's bundle where their sources
 * exist. Tests and benchmarks are compiled with the product, so that they run the very files that users run.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';

const run = (bin, args) => execFileSync(process.execPath, [`node_modules/${bin}`, ...args], { stdio: 'inherit' });

if (!existsSync('node_modules/typescript')) {
  console.error(
    existsSync('dist')
      ? 'The build tools are not installed: dist/ stays as it is.'
      : 'The build tools are not installed. Run `npm ci`, which builds, then `npm prune --omit=dev`.',
  );
  process.exit();
}
rmSync('dist', { recursive: true, force: true });
run('typescript/bin/tsc', ['-p', 'tsconfig.json']);

const kernel = 'src/models/lstm/kernel/assembly/index.ts';
if (existsSync(kernel)) {
  run('assemblyscript/bin/asc.js', [kernel, '--config', 'src/models/lstm/kernel/asconfig.json', '--target', 'release']);
}
const page = 'src/dashboard/page/build.js';
if (existsSync(page)) execFileSync(process.execPath, [page], { stdio: 'inherit' });

// What the compiled tests find as `@jest/globals`, before that of node_modules: see test/runtime.cjs.
if (existsSync('dist/test')) {
  const globals = 'dist/test/node_modules/@jest/globals';
  mkdirSync(globals, { recursive: true });
  copyFileSync('test/globals.js', `${globals}/index.js`);
  writeFileSync(`${globals}/package.json`, '{ "type": "module", "exports": "./index.js" }\n');
}
