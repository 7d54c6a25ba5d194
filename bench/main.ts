import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import startServer, { stop as stopServer } from '../test/support/postgresServer.js';
import type { Bench } from './result.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    calm: { type: 'boolean' },
    help: { type: 'boolean' },
    rows: { type: 'string' },
    'watch-prefixes': { type: 'string' },
    'watch-as': { type: 'string' },
    lost: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    events: { type: 'string' },
    only: { type: 'string' },
    boundaries: { type: 'string' },
    days: { type: 'string' },
    order: { type: 'string' },
    minutes: { type: 'string' },
    threads: { type: 'string' },
    kinds: { type: 'string' },
    windows: { type: 'string' },
    series: { type: 'string' },
    'frog-days': { type: 'string' },
  },
});

const folder = new URL('./', import.meta.url);
/** No benchmarks; pictures.js is a script that runs when it is imported. */
const OTHERS = new Set(['main.js', 'result.js', 'pictures.js', 'threads.js']);
const benches: Bench[] = [];
for (const file of (await readdir(folder)).sort()) {
  if (!file.endsWith('.js') || OTHERS.has(file)) continue;
  const { bench } = (await import(new URL(file, folder).href)) as { bench?: Bench };
  if (bench) benches.push(bench);
}
const names = benches.map(({ name }) => name);
const [wanted, ...files] = positionals;

const boundaries = values.boundaries?.split(',').map(Number);
const days = values.days === undefined ? undefined : Number(values.days);
const wrong =
  (boundaries?.some((row) => !Number.isInteger(row)) ?? false) ||
  (days !== undefined && !(days > 0)) ||
  ((boundaries !== undefined || days !== undefined || values.order !== undefined) && wanted !== 'regimes');

if (wrong || values.help || (wanted !== undefined && !names.includes(wanted))) {
  console.error(
    `usage: npm run -s bench -- [NAME [FILE ...]] [--quick] [--json]
NAME is one of: ${names.join(', ')}; all without it
real-feed [FOLDER or FILE] [--rows FILE] [--watch-prefixes A,B] [--watch-as 1,2] [--seed N]
injected [FOLDER] [--events N] [--seed N] [--only KIND] [--rows FILE] [--calm]
full-table [MILLIONS ...]
full-system [MILLIONS ...]
gate [--seed N] [--seeds N] [--kinds A,B] [--windows 1,7] [--minutes N] [--threads N]
drift-quality [--seed N] [--series N] [--frog-days N] [--kinds A,B]
transfer [FILE.csv ...]
transfer --lost FOLDER
regimes [--order NAME or 'RECORDING DAYS [times FACTOR], ...'] [--seed N]
regimes FILE.csv --boundaries ROW,ROW,... [--days N] [--seed N]`,
  );
  process.exitCode = values.help ? 0 : 2;
} else {
  const chosen = benches.filter(({ name }) => wanted === undefined || name === wanted);
  if (chosen.some(({ onTestServer }) => onTestServer)) await startServer();
  for (const bench of chosen) {
    const { json, help, boundaries: rows, days: walked, ...flags } = values;
    const ran = await bench.run({
      ...flags,
      quick: values.quick ?? false,
      files,
      ...(boundaries === undefined ? {} : { boundaries }),
      ...(days === undefined ? {} : { days }),
    });
    const figures = Array.isArray(ran) ? { results: ran } : ran;
    if (values.json) {
      console.log(JSON.stringify({ bench: bench.name, ...figures }));
    } else {
      console.log(`\n${bench.name}`);
      console.table(figures.results);
    }
  }
  await stopServer();
}
