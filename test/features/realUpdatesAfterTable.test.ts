import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { GeneratedTable } from '../../bench/fullTable/generatedTable.js';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { UpdateBatch } from '../../src/bgp/updateBatch.js';
import type { MinuteAggregatorOptions } from '../../src/features/aggregatorOptions.js';
import { restored, snapshotOf } from '../../src/features/aggregatorSnapshot.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import type { FeatureRow } from '../../src/features/row.js';

const FOLDER = join(process.cwd(), '../shared/data/mrt-days/rrc04-2021');
const ROUTES = 300_000;
const PEERS = 60;
/** 2021-01-01T04:50Z, five minutes before the first file. */
const TABLE_AT = 1_609_476_600;
const UNBOUNDED = 2 ** 31;

async function batchesOf(source: AsyncIterable<Uint8Array>): Promise<UpdateBatch[]> {
  const batches: UpdateBatch[] = [];
  for await (const { batch } of decodeMrt(source)) {
    if (batch.messages > 0) batches.push(new UpdateBatch(batch.takeColumns()));
  }
  return batches;
}

async function* dump() {
  yield* new GeneratedTable(ROUTES, 1, PEERS, TABLE_AT).dump();
}

const withReal = existsSync(FOLDER) ? test : test.skip;

withReal(
  'real updates after a generated table give the rows of one without bounds, byte for byte (skipped without ../shared/data)',
  async () => {
    const table = await batchesOf(dump());
    const updates: UpdateBatch[] = [];
    for (const file of readdirSync(FOLDER).sort())
      updates.push(...(await batchesOf(createReadStream(join(FOLDER, file)))));
    const options = (maximumRoutes: number): MinuteAggregatorOptions => ({ stream: 's', maximumRoutes });
    const begun = (maximumRoutes: number) => {
      const aggregator = new MinuteAggregator(options(maximumRoutes));
      for (const batch of table) aggregator.learn(batch);
      expect(aggregator.knowsTable).toBe(true);
      return aggregator;
    };
    /** Values as their bytes: equal ones are the same numbers to the last bit. */
    const bytesOf = (rows: FeatureRow[]) =>
      rows.map(({ values, ...row }) => `${Buffer.from(values.buffer).toString('hex')} ${JSON.stringify(row)}`);
    const free = begun(UNBOUNDED);
    for (const batch of updates) free.add(batch);
    free.finish();
    const wanted = bytesOf(free.take());
    expect(wanted.length).toBeGreaterThan(240);

    // room for what there is and no more, and a restart in between
    let bounded = begun(free.routes);
    for (const [at, batch] of updates.entries()) {
      if (at === updates.length >> 1) bounded = restored(snapshotOf(bounded), options(free.routes));
      bounded.add(batch);
    }
    bounded.finish();
    expect(bounded.counts.evictedRoutes).toBe(0);
    expect(bytesOf(bounded.take())).toEqual(wanted);
  },
  600_000,
);
