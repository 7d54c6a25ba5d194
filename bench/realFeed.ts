import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { driftLine } from './realFeed/driftLine.js';
import { incidentLine, type Watched } from './realFeed/incidentLine.js';
import { modelLine } from './realFeed/modelLine.js';
import { batchesOf, recordingFiles } from './realFeed/recording.js';
import { printed, resultsOf } from './realFeed/report.js';
import { type AggregatedRows, aggregated, readRows, recordingKey, writeRows } from './realFeed/rows.js';
import { watchLine } from './realFeed/watchLine.js';
import type { Bench, BenchOptions } from './result.js';

export const RECORDING = join(process.cwd(), '../shared/data/mrt-days/route-views-2008');
const QUICK_FILES = 16;
const DEFAULT_SEED = 1;

const tell = (message: string) => process.stderr.write(`real-feed: ${message}\n`);

const listOf = (text: string | undefined) => text?.split(',').filter((entry) => entry !== '') ?? [];

export const watchedOf = ({ 'watch-prefixes': prefixes, 'watch-as': networks }: BenchOptions): Watched => ({
  prefixes: listOf(prefixes),
  networks: listOf(networks),
});

/** A recording's rows; from `cache` where it holds them, and kept there otherwise. */
async function rowsOf(files: readonly string[], cache: string | undefined): Promise<AggregatedRows> {
  const key = cache === undefined ? '' : await recordingKey(files);
  const kept = cache === undefined ? null : await readRows(cache, key);
  if (kept !== null) {
    tell(`${kept.rows.length} rows read from ${cache}`);
    return kept;
  }
  const onFile = (name: string, index: number) => {
    if (index % 16 === 0) tell(`${name}, file ${index + 1} of ${files.length}`);
  };
  const made = await aggregated(batchesOf(files, onFile));
  if (cache !== undefined) await writeRows(cache, key, made);
  return made;
}

/** Replays a recording as the running services would judge it, in event time and in this process. */
async function run(options: BenchOptions) {
  const path = options.files[0] ?? RECORDING;
  if (!existsSync(path)) {
    tell(`skipped, ${path} is not here`);
    return { results: [], incidents: [] };
  }
  const all = await recordingFiles(path);
  const files = options.quick ? all.slice(0, QUICK_FILES) : all;
  const aggregate = await rowsOf(files, options.rows);
  const watched = watchedOf(options);
  const seed = Number(options.seed ?? DEFAULT_SEED);
  const models = await modelLine(aggregate.rows, seed, tell);
  const line = incidentLine(models.inputs, watched, await watchLine(batchesOf(files), watched));
  const drift = driftLine(models, line.stained);
  return {
    recording: path,
    minutes: aggregate.rows.length,
    messages: aggregate.messages,
    servedFrom: models.servedFrom === null ? null : new Date(models.servedFrom * 60_000).toISOString(),
    anomalousMinutes: models.inputs.filter(({ anomalous }) => anomalous).length,
    drift,
    results: resultsOf(aggregate, line, drift),
    incidents: line.incidents.map(printed),
  };
}

export const bench: Bench = { name: 'real-feed', run };
