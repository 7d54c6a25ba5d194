import { UpdateBatchBuilder } from '../updateBatchBuilder.js';
import { type DecompressionLimits, decompressed } from './decompression.js';
import { MrtDecoder, type MrtDecoderOptions } from './mrtDecoder.js';
import type { MrtStatistics } from './mrtStatistics.js';

export interface DecodeMrtOptions extends MrtDecoderOptions, DecompressionLimits {
  /** Messages of a batch; default 5,000. */
  batchMessages?: number;
}

export interface DecodedMrt {
  /** Take it (`finish`, `lendColumns` or `takeColumns`) before asking for the next. */
  batch: UpdateBatchBuilder;
  /** Of all so far; the same object each time. */
  statistics: MrtStatistics;
}

/**
 * Decodes an MRT file (plain, gzip or bzip2) in bounded memory. Always ends with one result, empty or not, that carries
 * the final statistics; after a table dump that is whole, its last message says so.
 * @throws BadArchive when it cannot be decompressed; what was decoded before has been given by then
 */
export async function* decodeMrt(
  source: AsyncIterable<Uint8Array>,
  options: DecodeMrtOptions = {},
): AsyncGenerator<DecodedMrt> {
  const batch = new UpdateBatchBuilder();
  const decoder = new MrtDecoder(batch, options);
  const { statistics } = decoder;
  const batchMessages = options.batchMessages ?? 5000;
  let failure: unknown;
  try {
    for await (const bytes of decompressed(source, options)) {
      decoder.push(bytes);
      while (decoder.decode(batchMessages)) yield { batch, statistics };
    }
  } catch (error) {
    failure = error;
  }
  decoder.end();
  while (decoder.decode(batchMessages)) yield { batch, statistics };
  if (failure === undefined && statistics.isWholeTable) batch.tableIsWhole(statistics.lastTime);
  yield { batch, statistics };
  if (failure !== undefined) throw failure;
}
