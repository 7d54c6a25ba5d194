import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { decodeMrt } from '../bgp/mrt/decodeMrt.js';
import { CutArchive } from '../bgp/mrt/decompression.js';
import { decodeRisLiveMessage } from '../bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../bgp/updateBatch.js';
import { FEATURES } from '../features/catalogue.js';
import { cataloguePage } from '../features/cataloguePage.js';
import { MinuteAggregator } from '../features/minuteAggregator.js';
import type { FeatureRow } from '../features/row.js';
import { LineFileSource } from '../sources/lineFile.js';
import { replayKind } from '../sources/replay.js';
import type { FeedConsumer } from '../sources/source.js';
import { faultWords } from './faultWords.js';
import { say } from './output.js';
import { terminalLog } from './terminalLog.js';

const BATCH_MESSAGES = 5000;

/** What a file held, and its minutes. */
export interface FileFeatures {
  records: number;
  updates: number;
  /** Prefixes. */
  announced: number;
  withdrawn: number;
  skipped: number;
  /** Passed over while searching the next MRT record after damage. */
  skippedBytes: number;
  /** Why the compressed file ends too early; null where it is whole. */
  cut: string | null;
  /** The first few skipped: where (byte of the file, or line) and why. */
  samples: { offset: number; reason: string }[];
  minutes: FeatureRow[];
}

class FileReader {
  readonly result: FileFeatures = {
    records: 0,
    updates: 0,
    announced: 0,
    withdrawn: 0,
    skipped: 0,
    skippedBytes: 0,
    cut: null,
    samples: [],
    minutes: [],
  };
  readonly #aggregator: MinuteAggregator;

  constructor(stream: string) {
    this.#aggregator = new MinuteAggregator({ stream });
  }

  add(builder: UpdateBatchBuilder): void {
    if (builder.messages === 0) return;
    const batch = new UpdateBatch(builder.lendColumns());
    for (let i = 0; i < batch.messages; i++) {
      this.result.announced += batch.columns.announced[i]!;
      this.result.withdrawn += batch.columns.withdrawn[i]!;
    }
    this.#aggregator.add(batch);
    this.result.minutes.push(...this.#aggregator.take());
  }

  finish(): FileFeatures {
    this.#aggregator.finish();
    this.result.minutes.push(...this.#aggregator.take());
    return this.result;
  }
}

async function mrtFeatures(file: string, stream: string): Promise<FileFeatures> {
  const reader = new FileReader(stream);
  await untilCut(reader.result, async () => {
    for await (const { batch, statistics } of decodeMrt(createReadStream(file), { batchMessages: BATCH_MESSAGES })) {
      reader.add(batch);
      const { records, updates, skipped, skippedBytes, samples } = statistics;
      Object.assign(reader.result, { records, updates, skipped, skippedBytes, samples });
    }
  });
  return reader.finish();
}

async function risLiveFeatures(file: string, stream: string): Promise<FileFeatures> {
  const reader = new FileReader(stream);
  const { result } = reader;
  const builder = new UpdateBatchBuilder();
  let line = 0;
  await untilCut(result, async () => {
    const source = new LineFileSource({ path: file, logger: terminalLog('warn') });
    const consumer: FeedConsumer = {
      onMessage: (text) => {
        line++;
        result.records++;
        const outcome = decodeRisLiveMessage(text, builder);
        if (outcome.kind === 'update') result.updates++;
        else if (outcome.kind === 'bad') {
          result.skipped++;
          if (result.samples.length < 10) result.samples.push({ offset: line, reason: outcome.reason ?? 'bad' });
        }
        if (builder.messages >= BATCH_MESSAGES) reader.add(builder);
      },
      onConnected: () => undefined,
      onDisconnected: () => undefined,
      onStalled: () => undefined,
    };
    await source.run(consumer, new AbortController().signal);
  });
  reader.add(builder);
  return reader.finish();
}

/** Reads a file; where its compressed stream is cut, what comes before is kept, and that it was cut is noted. */
async function untilCut(result: FileFeatures, read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof CutArchive)) throw error;
    result.cut = error.message;
  }
}

/** Minute features of an MRT file or of RIS Live messages, one a line; plain, gzip or bzip2. */
export async function fileFeatures(file: string, stream: string): Promise<FileFeatures> {
  return (await replayKind(file)) === 'ris live' ? risLiveFeatures(file, stream) : mrtFeatures(file, stream);
}

function minuteText(minute: number): string {
  return `${new Date(minute * 60_000).toISOString().slice(0, 16)}Z`;
}

/** Header line, then `minute,kind` and the values of each row. */
export function featuresCsv(rows: readonly FeatureRow[]): string {
  const lines = [`minute,kind,${FEATURES.map((feature) => feature.name).join(',')}`];
  for (const row of rows) {
    const values = Array.from(row.values, (value) => Number(value.toPrecision(7)));
    lines.push(`${minuteText(row.minute)},${row.kind},${values.join(',')}`);
  }
  return `${lines.join('\n')}\n`;
}

interface Options {
  json?: boolean;
  csv?: string;
  stream: string;
  evidence?: boolean;
  catalogue?: boolean;
}

function asJson(result: FileFeatures, evidence: boolean): string {
  const minutes = result.minutes.map((row) => ({
    minute: minuteText(row.minute),
    kind: row.kind,
    values: Object.fromEntries(FEATURES.map((feature, i) => [feature.name, Number(row.values[i]!.toPrecision(7))])),
    ...(evidence ? { evidence: row.evidence } : {}),
  }));
  return JSON.stringify({ ...result, minutes });
}

async function run(file: string | undefined, options: Options, command: Command): Promise<void> {
  if (options.catalogue) {
    process.stdout.write(cataloguePage());
    return;
  }
  if (file === undefined) command.error('error: say which FILE, or --catalogue', { exitCode: 2 });
  let result: FileFeatures;
  try {
    result = await fileFeatures(file, options.stream);
    if (options.csv !== undefined) await writeCsv(options.csv, result.minutes);
  } catch (error) {
    say(`routewarden features: ${faultWords(error, file)}`);
    process.exitCode = 1;
    return;
  }
  if (result.skipped > 0) {
    const { offset, reason } = result.samples[0]!;
    say(
      `${file}: ${result.skipped} of ${result.records} skipped and ${result.skippedBytes} bytes passed over, the first at ${offset}: ${reason}`,
    );
  }
  if (result.cut !== null) say(`${file}: ${result.cut}`);
  if (result.records === 0 && result.cut === null) say(`${file}: no messages in it`);
  if (options.json) process.stdout.write(`${asJson(result, options.evidence === true)}\n`);
  else {
    for (const row of result.minutes) {
      const [announcements, withdrawals, announced, withdrawn] = row.values;
      process.stdout.write(
        `${minuteText(row.minute)} ${row.kind}: ${announcements} announcements of ${announced} prefixes, ` +
          `${withdrawals} withdrawals of ${withdrawn}\n`,
      );
    }
  }
  // a file of which nothing could be used is a failure, not an empty success
  if (result.records === 0 || (result.updates === 0 && result.skipped > 0) || result.cut !== null) process.exitCode = 1;
}

async function writeCsv(path: string, rows: readonly FeatureRow[]): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(featuresCsv(rows));
  } finally {
    await handle.close();
  }
}

export function register(program: Command): void {
  const command = program
    .command('features')
    .description('Print minute features of an MRT file (plain, gzip, bzip2) or of RIS Live messages, one a line.')
    .argument('[FILE]', 'what to read')
    .option('--json', 'print one JSON object: counts and minutes')
    .option('--csv <OUT>', 'write the rows as CSV')
    .option('--evidence', 'with --json: also what each minute says about culprits')
    .option('--stream <NAME>', 'name of the stream in the rows', 'file')
    .option('--catalogue', 'print the page that describes the features')
    .addHelpText(
      'after',
      `
Examples:
  routewarden features updates.20100227.1600.gz
  routewarden features updates.20100227.1600.gz --json --evidence
  routewarden features ris-live.jsonl --csv minutes.csv`,
    );
  command.action((file: string | undefined, options: Options) => run(file, options, command));
}
