import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { BadBackup } from './format.js';

/** Longer than any row: a model's file is some megabytes. */
const LONGEST_LINE = 256 * 1024 * 1024;
const NEWLINE = 10;

/**
 * Lines of a gzipped file as bytes, each with its newline; only one is in memory at a time.
 * @throws BadBackup when it is not a gzip file, is cut off, or a line is longer than 256 MiB
 */
export async function* gzippedLines(file: string, longest = LONGEST_LINE): AsyncGenerator<Buffer> {
  const source = createReadStream(file);
  const stream = createGunzip();
  source.on('error', (error) => stream.destroy(error));
  source.pipe(stream);
  let parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        parts.push(chunk.subarray(from, end + 1));
        yield Buffer.concat(parts);
        parts = [];
        length = 0;
        from = end + 1;
      }
      parts.push(chunk.subarray(from));
      length += chunk.length - from;
      if (length > longest) throw new BadBackup(`${file} has a line of more than ${longest} bytes: it is not a backup`);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_')) throw new BadBackup(`${file} is damaged or no gzip file (${(error as Error).message})`);
    throw error;
  } finally {
    source.destroy();
  }
  if (length > 0) yield Buffer.concat(parts);
}
