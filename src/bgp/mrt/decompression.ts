import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BadBzip2, Bzip2Decoder } from './bzip2.js';

/** The file cannot be decompressed, or unpacks to more than any archive does. */
export class BadArchive extends Error {
  constructor(message: string) {
    super(`bad archive: ${message}`);
    this.name = 'BadArchive';
  }
}

export interface DecompressionLimits {
  /** Most bytes that the file may unpack to; default 64 GiB. */
  maximumBytes?: number;
  /** Most bytes out for each byte in, once 64 MiB are out; default 250 (MRT archives have 3 to 30). */
  maximumRatio?: number;
}

const FREE_BYTES = 64 << 20;
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
  input.pipe(gunzip);
  try {
    yield* gunzip;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
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
    throw error instanceof BadBzip2 ? new BadArchive(error.message) : error;
  }
}

/**
 * Decompresses gzip and bzip2, told by their first bytes; anything else goes through as it is. A piece is valid until
 * the next one is asked for.
 * @throws BadArchive
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
  while (first.length < 3) {
    const next = await input.next();
    if (next.done) break;
    const joined = new Uint8Array(first.length + next.value.length);
    joined.set(first);
    joined.set(next.value, first.length);
    first = joined;
  }
  const whole = withFirst(first, input);
  const isGzip = first[0] === 0x1f && first[1] === 0x8b;
  const isBzip2 = first[0] === 0x42 && first[1] === 0x5a && first[2] === 0x68;
  for await (const bytes of isGzip ? gunzipped(whole) : isBzip2 ? bunzipped(whole) : whole) {
    bytesOut += bytes.length;
    if (bytesOut > maximumBytes || (bytesOut > FREE_BYTES && bytesOut > bytesIn * maximumRatio)) {
      throw new BadArchive(`unpacks to over ${bytesOut} bytes from ${bytesIn}: refused as a decompression bomb`);
    }
    yield bytes;
  }
}
