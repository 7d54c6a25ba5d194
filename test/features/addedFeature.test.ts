import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

/**
 * A copy of the program whose catalogue has one more entry, and nothing else changed: what it measures, trains,
 * examines and compares must know the new feature.
 */
const WALK = `
import { FEATURES, FEATURE_COUNT, featureIndex } from './src/features/catalogue.js';
import { cataloguePage } from './src/features/cataloguePage.js';
import { blockFromRows } from './src/features/featureBlock.js';
import { readLabelledMinutes } from './src/evaluation/labelledMinutes.js';
import { summariseFeatures } from './src/drift/hours.js';
import { makeExam } from './src/retraining/exam.js';
import { fitPreparation, applyPreparation, preparedName } from './src/models/preparation/preparation.js';
import { MinuteAggregator } from './src/features/minuteAggregator.js';
import { UpdateBatch, UpdateBatchBuilder } from './src/bgp/updateBatch.js';
import { decodeRisLiveMessage } from './src/bgp/risLive.js';
import { SimulatedWorld } from './src/simulation/world.js';

const world = new SimulatedWorld({ seed: 3, startMinute: 29_000_000 });
const aggregator = new MinuteAggregator({ stream: 'added' });
const builder = new UpdateBatchBuilder();
for (let minute = world.startMinute; minute < world.startMinute + 60; minute++) {
  for (const text of world.minute(minute)) decodeRisLiveMessage(text, builder);
}
aggregator.add(new UpdateBatch(builder.takeColumns()));
aggregator.finish();
const rows = aggregator.take();
const block = blockFromRows(rows);
const narrow = blockFromRows(rows.map((row) => ({ ...row, values: row.values.slice(0, 37) })));
const added = featureIndex('known_sizes');
const wide = fitPreparation(block, { scales: [1] });
const old = fitPreparation(narrow, { scales: [1] });
const prepared = applyPreparation(old, block, 0);
const alike = applyPreparation(old, narrow, 0);
const missing = applyPreparation(wide, narrow, 0);
const [summary] = summariseFeatures(block, null).values();
console.log(JSON.stringify({
  count: FEATURE_COUNT,
  column: FEATURES[added].column,
  page: cataloguePage().includes('known_sizes'),
  values: rows.map((row) => [row.values.length, row.values[added], row.values[0]]),
  words: preparedName(wide, wide.columns - 1),
  oldModelOnNewRows: prepared.every((value, i) => value === alike[i]),
  newModelOnOldRows: missing.every(Number.isFinite),
  summarised: summary.columns.length,
  published: readLabelledMinutes(Array.from({ length: 41 }, (_, i) => (i === 1 || i === 2 ? 0 : i)).join(',') + ',1').block.columns,
  exam: makeExam(block, 0, 1)?.block.columns ?? null,
}));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-added-'));
  cpSync('dist/src', join(folder, 'src'), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a feature is added by one entry of the catalogue', () => {
  const file = join(folder, 'src/features/catalogue.js');
  const before = readFileSync(file, 'utf8');
  const entry = `{ name: 'known_sizes', label: 'Messages of known size', unit: 'messages', trait: 'count',
    meaning: 'messages whose size is known', source: 'this test', value: (totals) => totals.updates },`;
  const after = before.replace(/(const inOrder = \[[\s\S]*?)\n\];/, `$1\n${entry}\n];`);
  expect(after).not.toBe(before);
  writeFileSync(file, after);
  writeFileSync(join(folder, 'walk.js'), WALK);
  const seen = JSON.parse(execFileSync(process.execPath, [join(folder, 'walk.js')], { encoding: 'utf8' }));
  expect(seen).toMatchObject({
    count: 38,
    column: 42,
    page: true,
    words: 'messages of known size',
    oldModelOnNewRows: true,
    newModelOnOldRows: true,
    summarised: 38,
    published: 37,
    exam: 38,
  });
  expect(seen.values.length).toBeGreaterThanOrEqual(59);
  for (const [width, added, announcements] of seen.values) {
    expect(width).toBe(38);
    expect(added).toBeGreaterThanOrEqual(announcements);
  }
});
