/** Checks the page's types and bundles it to dist/page/. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));

execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', `${here}tsconfig.json`], {
  cwd: root,
  stdio: 'inherit',
});
mkdirSync(`${root}dist/page`, { recursive: true });
await build({
  entryPoints: { page: `${here}main.tsx` },
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  outdir: `${root}dist/page`,
  logLevel: 'warning',
});
for (const name of ['index.html', 'favicon.svg', 'board.css', 'board.js'])
  copyFileSync(`${here}${name}`, `${root}dist/page/${name}`);
