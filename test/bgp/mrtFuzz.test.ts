import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decompressed } from '../../src/bgp/mrt/decompression.js';
import { MrtDecoder } from '../../src/bgp/mrt/mrtDecoder.js';
import { BadBatch, UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { Random } from '../../src/random/random.js';
import { asPath, bgp4mp, bgpMessage, ipv4, NOW, nextHop, origin, prefix, update } from './mrtFixture.js';

/** Mutated records in all; a million takes minutes and is for now and then. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000);
const FILES = ['rrc15.updates.20100227.1600.gz', 'rrc00.updates.19991214.1621.gz'];
const DIRECTORY = join(process.cwd(), '../shared/data/mrt');
const HEADER = 12;
const RECORDS_PER_RUN = 50;

function made(): Buffer[] {
  const basic = [origin(0), asPath([64500, 3356]), nextHop('192.0.2.1')];
  const ten = prefix(ipv4('10.0.0.0'), 8);
  return [bgp4mp(NOW, bgpMessage(update([ten], basic, [ten, prefix(ipv4('192.0.2.128'), 25)])))];
}

async function real(): Promise<Buffer[]> {
  const records: Buffer[] = [];
  for (const file of FILES) {
    const path = join(DIRECTORY, file);
    if (!existsSync(path)) continue;
    const pieces: Buffer[] = [];
    for await (const piece of decompressed(createReadStream(path))) pieces.push(Buffer.from(piece));
    const bytes = Buffer.concat(pieces);
    for (let at = 0; at < bytes.length && records.length < 20_000; ) {
      const end = at + HEADER + bytes.readUInt32BE(at + 8);
      records.push(bytes.subarray(at, end));
      at = end;
    }
  }
  return records;
}

describe('fuzzing', () => {
  test('mutated records: no throw, bounded memory, every batch is sound, most good records survive', async () => {
    const records = [...made(), ...(await real())];
    const random = new Random(20_261_123);
    const next = (below: number) => random.integer(below);
    const builder = new UpdateBatchBuilder();
    let good = 0;
    let decoded = 0;
    let skipped = 0;
    for (let run = 0; run < RUNS; run += RECORDS_PER_RUN) {
      const decoder = new MrtDecoder(builder);
      const aggregator = new MinuteAggregator({ stream: 'fuzz', maximumRoutes: 500, maximumLinks: 500 });
      for (let i = 0; i < RECORDS_PER_RUN; i++) {
        const record = Buffer.from(records[next(records.length)]!);
        if (next(4) === 0) good++;
        else {
          // mostly behind the header, so that the attributes get their share
          for (let edits = 1 + next(3); edits > 0; edits--) {
            const from = next(8) === 0 ? 0 : HEADER;
            if (record.length > from) record[from + next(record.length - from)] = next(256);
          }
        }
        const cut = next(50) === 0 ? next(record.length) : record.length;
        decoder.push(record.subarray(0, cut));
        decoder.decode(Number.POSITIVE_INFINITY);
      }
      decoder.end();
      decoder.decode(Number.POSITIVE_INFINITY);
      decoded += decoder.statistics.updates + decoder.statistics.stateChanges;
      skipped += decoder.statistics.skipped;
      const batch = UpdateBatch.decode(builder.finish());
      aggregator.add(batch);
      expect(aggregator.routes).toBeLessThanOrEqual(500);
      aggregator.finish();
    }
    expect(decoded).toBeGreaterThan(good / 2);
    expect(skipped).toBeGreaterThan(0);
  }, 3_600_000);

  test('mutated batches are refused or decode to something sound', () => {
    const builder = new UpdateBatchBuilder();
    const decoder = new MrtDecoder(builder);
    for (const record of made()) decoder.push(record);
    decoder.end();
    decoder.decode(10);
    const bytes = builder.finish();
    expect(UpdateBatch.decode(bytes).encode()).toEqual(bytes);
    const edit = fc.record({ at: fc.nat(bytes.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.nat(bytes.length), (edits, cut) => {
        const mutated = bytes.slice(0, cut % 3 === 0 ? cut : bytes.length);
        for (const { at, byte } of edits) if (at < mutated.length) mutated[at] = byte;
        try {
          const batch = UpdateBatch.decode(mutated);
          expect([...batch.routeElements()].length).toBeGreaterThanOrEqual(0);
          expect(UpdateBatch.decode(batch.encode()).columns).toEqual(batch.columns);
        } catch (error) {
          if (!(error instanceof BadBatch)) throw error;
        }
      }),
      { numRuns: Math.min(RUNS, 20_000) / 5 },
    );
  });
});
