import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Bench } from './result.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    help: { type: 'boolean' },
    rows: { type: 'string' },
    'watch-prefixes': { type: 'string' },
    'watch-as': { type: 'string' },
    seed: { type: 'string' },
    events: { type: 'string' },
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
const wanted = positionals[0];

if (values.help || (wanted !== undefined && !names.includes(wanted))) {
  console.error(
    `usage: npm run -s bench -- [NAME] [--quick] [--json]
NAME is one of: ${names.join(', ')}; all without it
real-feed [FOLDER or FILE] [--rows FILE] [--watch-prefixes A,B] [--watch-as 1,2] [--seed N]
injected [FOLDER] [--events N] [--seed N]`,
  );
  process.exitCode = values.help ? 0 : 2;
} else {
  for (const bench of benches) {
    if (wanted !== undefined && bench.name !== wanted) continue;
    const ran = await bench.run(positionals[1] === undefined ? values : { ...values, path: positionals[1] });
    const figures = Array.isArray(ran) ? { results: ran } : ran;
    if (values.json) {
      console.log(JSON.stringify({ bench: bench.name, ...figures }));
    } else {
      console.log(`\n${bench.name}`);
      console.table(figures.results);
    }
  }
}
