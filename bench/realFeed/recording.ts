import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { replayKind } from '../../src/sources/replay.js';

const BATCH_MESSAGES = 5000;

/** The files of a recording in time order: a folder's by name, which archives begin with the time; or one file. */
export async function recordingFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /(^|[./])(updates|bview|rib)\.\d|\.jsonl(\.gz)?$/.test(name));
  if (names.length === 0) throw new Error(`${path} holds no archive such as updates.20080221.0013.bz2`);
  return names.sort().map((name) => join(path, name));
}

/** Messages of the files in order, decoded as the product does. Told of each file, for people. */
export async function* batchesOf(
  files: readonly string[],
  onFile: (name: string, index: number) => void = () => undefined,
): AsyncGenerator<UpdateBatch> {
  for (const [index, file] of files.entries()) {
    onFile(basename(file), index);
    const kind = await replayKind(file);
    if (kind === 'features') throw new Error(`${file} holds feature rows, not messages`);
    yield* kind === 'mrt' ? mrtBatches(file) : lineBatches(file);
  }
}

async function* mrtBatches(file: string): AsyncGenerator<UpdateBatch> {
  const bytes = createReadStream(file, { highWaterMark: 1 << 18 });
  for await (const { batch } of decodeMrt(bytes, { batchMessages: BATCH_MESSAGES })) {
    yield new UpdateBatch(batch.takeColumns());
  }
}

/** A line that is no message ends the run: a recording that is read in part would be judged in part. */
async function* lineBatches(file: string): AsyncGenerator<UpdateBatch> {
  const bytes = createReadStream(file);
  const plain = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  bytes.on('error', (error) => plain.destroy(error));
  const builder = new UpdateBatchBuilder();
  for await (const line of createInterface({ input: plain, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue;
    const outcome = decodeRisLiveMessage(line, builder);
    if (outcome.kind === 'bad') throw new Error(`${file}: ${outcome.reason}: ${line.slice(0, 120)}`);
    if (builder.messages >= BATCH_MESSAGES) yield new UpdateBatch(builder.takeColumns());
  }
  yield new UpdateBatch(builder.takeColumns());
}
