import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Bench, BenchResult } from './result.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, help: { type: 'boolean' } },
});

/** Beside the benches; the pictures are made by a program of their own, which runs when it is imported. */
const NO_BENCHES = ['main.js', 'result.js', 'pictures.js'];

const folder = new URL('./', import.meta.url);
const benches: Bench[] = [];
for (const file of (await readdir(folder)).sort()) {
  if (!file.endsWith('.js') || NO_BENCHES.includes(file)) continue;
  const { bench } = (await import(new URL(file, folder).href)) as { bench?: Bench };
  if (bench) benches.push(bench);
}
const names = benches.map(({ name }) => name);
const wanted = positionals[0];

if (values.help || (wanted !== undefined && !names.includes(wanted))) {
  console.error(
    `usage: npm run -s bench -- [NAME] [--quick] [--json]\nNAME is one of: ${names.join(', ')}; all without it`,
  );
  process.exitCode = values.help ? 0 : 2;
} else {
  for (const bench of benches) {
    if (wanted !== undefined && bench.name !== wanted) continue;
    const results = await bench.run({ quick: values.quick ?? false });
    if (values.json) {
      const special = results as BenchResult[] | object;
      console.log(
        JSON.stringify(
          Array.isArray(special) ? { bench: bench.name, results: special } : { bench: bench.name, ...special },
        ),
      );
    } else {
      console.log(`\n${bench.name}`);
      console.table(results);
    }
  }
}
