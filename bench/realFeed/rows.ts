import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { readdir, readFile, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip, createGzip } from 'node:zlib';
import type { UpdateBatch } from '../../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import type { FeatureRow } from '../../src/features/row.js';

export const STREAM = 'real-feed';

/** A recording as minutes. */
export interface AggregatedRows {
  rows: FeatureRow[];
  messages: number;
  /** Spent in the aggregator alone, without decompression and decoding. */
  aggregatorSeconds: number;
  /** Most of the resident set while it ran, bytes; 0 where the rows were read from a file. */
  peakBytes: number;
}

/** Gives the batches to an aggregator of default settings, as the aggregator service does, and ends the last minute. */
export async function aggregated(batches: AsyncIterable<UpdateBatch>): Promise<AggregatedRows> {
  const aggregator = new MinuteAggregator({ stream: STREAM });
  const rows: FeatureRow[] = [];
  let spent = 0;
  let peakBytes = 0;
  for await (const batch of batches) {
    const started = performance.now();
    aggregator.add(batch);
    for (const row of aggregator.take()) rows.push(row);
    spent += performance.now() - started;
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }
  aggregator.finish();
  rows.push(...aggregator.take());
  return { rows, messages: aggregator.counts.messages, aggregatorSeconds: spent / 1000, peakBytes };
}

/** Of the decoder's and the aggregator's compiled files and the recording's names and sizes: what the rows depend on. */
export async function recordingKey(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['bgp', 'features']) {
    const path = fileURLToPath(new URL(`../../src/${folder}/`, import.meta.url));
    for (const name of (await readdir(path, { recursive: true })).sort()) {
      if (name.endsWith('.js')) hash.update(name).update(await readFile(join(path, name)));
    }
  }
  for (const file of files) hash.update(`${basename(file)} ${(await stat(file)).size}\n`);
  return hash.digest('hex').slice(0, 16);
}

/** Rows kept in a file: the first line tells what they are of, then a row a line, gzipped. */
export async function writeRows(file: string, key: string, { rows, ...head }: AggregatedRows): Promise<void> {
  function* lines() {
    yield `${JSON.stringify({ key, ...head })}\n`;
    for (const row of rows) yield `${JSON.stringify({ ...row, values: [...row.values] })}\n`;
  }
  await pipeline(Readable.from(lines()), createGzip({ level: 1 }), createWriteStream(`${file}.part`));
  await rename(`${file}.part`, file);
}

/** null when there is no such file, or when it is of another recording or of other code. */
export async function readRows(file: string, key: string): Promise<AggregatedRows | null> {
  if (!existsSync(file)) return null;
  const input = createReadStream(file).pipe(createGunzip());
  let head: (Omit<AggregatedRows, 'rows'> & { key: string }) | null = null;
  const rows: FeatureRow[] = [];
  for await (const line of createInterface({ input })) {
    if (head === null) {
      head = JSON.parse(line) as Omit<AggregatedRows, 'rows'> & { key: string };
      if (head.key !== key) return null;
      continue;
    }
    const row = JSON.parse(line) as Omit<FeatureRow, 'values'> & { values: number[] };
    rows.push({ ...row, values: Float32Array.from(row.values) });
  }
  if (head === null) return null;
  return { rows, messages: head.messages, aggregatorSeconds: head.aggregatorSeconds, peakBytes: 0 };
}
