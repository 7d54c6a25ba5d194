import { Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { BadBzip2, Bzip2Decoder, CutBzip2 } from './bzip2.js';

/** The file cannot be decompressed, or unpacks to more than any archive does. */
export class BadArchive extends Error {
  constructor(message: string) {
    super(`bad archive: ${message}`);
    this.name = 'BadArchive';
  }
}

/** The compressed stream ends before its end: what comes before has been given. */
export class CutArchive extends BadArchive {
  constructor(format: string) {
    super(`the ${format} stream is cut short: only what comes before the cut is read`);
    this.name = 'CutArchive';
  }
}

/** What can be read, for messages about what cannot. */
export const READ_FORMATS = 'uncompressed, gzip and bzip2 files';

const UNREAD_FORMATS: [name: string, magic: number[]][] = [
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['lzip', [0x4c, 0x5a, 0x49, 0x50]],
  ['compress (.Z)', [0x1f, 0x9d]],
  ['RAR', [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
];

/**
 * The name of a compressed format that is not read, by a file's first bytes; null for anything else. An MRT record's
 * time may equal a magic number, but its fifth byte (of the type) is 0.
 */
export function unreadFormat(head: Uint8Array): string | null {
  const found = UNREAD_FORMATS.find(([, magic]) => magic.every((byte, at) => head[at] === byte));
  return found === undefined || (head.length > 4 && head[4] === 0) ? null : found[0];
}

export interface DecompressionLimits {
  /** Most bytes that the file may unpack to; default 64 GiB. */
  maximumBytes?: number;
  /** Most bytes out for each byte in, once 64 MiB are out; default 250 (MRT archives have 3 to 30). */
  maximumRatio?: number;
}

const FREE_BYTES = 64 << 20;
/** Bytes by which a format is recognised. */
const LONGEST_MAGIC = 6;
const GZIP_CHUNK = 1 << 18;

async function* withFirst(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: GZIP_CHUNK });
  const input = Readable.from(source, { objectMode: true });
  input.on('error', (error) => gunzip.destroy(error));
  // Ending it early would drop what was unpacked but not read yet, where the file is cut: so all is read first.
  let flushed = false;
  const endWhenRead = () => {
    if (flushed && gunzip.readableLength === 0) gunzip.end();
  };
  input.on('end', () =>
    gunzip.flush(constants.Z_SYNC_FLUSH, () => {
      flushed = true;
      endWhenRead();
    }),
  );
  input.pipe(gunzip, { end: false });
  try {
    for await (const piece of gunzip) {
      yield piece;
      endWhenRead();
    }
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'Z_BUF_ERROR') throw new CutArchive('gzip');
    if (typeof code === 'string' && code.startsWith('Z_')) throw new BadArchive(`gzip: ${(error as Error).message}`);
    throw error;
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}

async function* bunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new Bzip2Decoder();
  try {
    for await (const bytes of source) {
      decoder.push(bytes);
      yield* decoder.read();
    }
    decoder.end();
    yield* decoder.read();
  } catch (error) {
    if (error instanceof CutBzip2) throw new CutArchive('bzip2');
    throw error instanceof BadBzip2 ? new BadArchive(error.message) : error;
  }
}

/**
 * Decompresses gzip and bzip2, recognised by their first bytes; anything else goes through as it is. A piece is valid until
 * the next one is asked for.
 * @throws BadArchive; CutArchive, after what comes before, where the compressed stream is cut
 */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
  limits: DecompressionLimits = {},
): AsyncGenerator<Uint8Array> {
  const maximumBytes = limits.maximumBytes ?? 64 * 2 ** 30;
  const maximumRatio = limits.maximumRatio ?? 250;
  let bytesIn = 0;
  let bytesOut = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const bytes of source) {
      bytesIn += bytes.length;
      yield bytes;
    }
  }
  const input = counted();
  let first = new Uint8Array(0);
  while (first.length < LONGEST_MAGIC) {
    const next = await input.next();
    if (next.done) break;
    const joined = new Uint8Array(first.length + next.value.length);
    joined.set(first);
    joined.set(next.value, first.length);
    first = joined;
  }
  const whole = withFirst(first, input);
  const unread = unreadFormat(first);
  if (unread !== null) throw new BadArchive(`it is ${unread}, which is not read: give ${READ_FORMATS}`);
  const isGzip = first[0] === 0x1f && first[1] === 0x8b;
  const isBzip2 = first[0] === 0x42 && first[1] === 0x5a && first[2] === 0x68 && first[4] !== 0;
  for await (const bytes of isGzip ? gunzipped(whole) : isBzip2 ? bunzipped(whole) : whole) {
    bytesOut += bytes.length;
    if (bytesOut > maximumBytes || (bytesOut > FREE_BYTES && bytesOut > bytesIn * maximumRatio)) {
      throw new BadArchive(`unpacks to over ${bytesOut} bytes from ${bytesIn}: refused as a decompression bomb`);
    }
    yield bytes;
  }
}
