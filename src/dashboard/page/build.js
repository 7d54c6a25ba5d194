/** Checks the page's types and bundles it to dist/page/, each file also compressed as it is sent. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));

execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', `${here}tsconfig.json`], {
  cwd: root,
  stdio: 'inherit',
});
// What an earlier build left would be compressed again.
rmSync(`${root}dist/page`, { recursive: true, force: true });
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
// Here and not when the service starts: Brotli takes more of a processor than all else of that start.
for (const name of readdirSync(`${root}dist/page`)) {
  const content = readFileSync(`${root}dist/page/${name}`);
  writeFileSync(`${root}dist/page/${name}.gz`, gzipSync(content));
  writeFileSync(`${root}dist/page/${name}.br`, brotliCompressSync(content));
}
