import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { hostFetch, RedirectRefused } from '../http/hostFetch.js';
import { PartFile } from './partFile.js';

export interface FetchOptions {
  directory: string;
  /** A larger file is refused, bytes. */
  largestFile: number;
  /** A transfer that brings nothing for so long is given up. */
  idleMs: number;
  /** Slower than this over a minute (`paceMs`) is given up too, bytes a second: such a server is as good as none. */
  slowest: number;
  paceMs: number;
  /** Value of `Authorization`; null without a login. */
  authorization: string | null;
  onBytes: (count: number) => void;
  signal: AbortSignal;
}

export interface FetchedFile {
  outcome: 'downloaded' | 'missing';
  path: string;
  /** Of the whole file. */
  bytes: number;
}

/** Trying again would give the same. */
export class UnusableFile extends Error {
  override name = 'UnusableFile';
}

/** The transfer failed, and another attempt may go better. */
export class TransferFailed extends Error {
  override name = 'TransferFailed';
}

/**
 * Fetches one file, going on where an earlier attempt stopped (RFC 9110: Range with If-Range).
 *
 * @throws UnusableFile for a refusal, a file too large or of the wrong kind; TransferFailed for all that may pass
 */
export async function fetchFile(url: string, name: string, options: FetchOptions): Promise<FetchedFile> {
  const part = new PartFile(options.directory, name);
  const resumed = await part.resumable();
  const idle = new PaceLimit(options);
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (resumed !== null) {
      headers.range = `bytes=${resumed.bytes}-`;
      headers['if-range'] = resumed.validator;
    }
    if (options.authorization !== null) headers.authorization = options.authorization;
    const response = await hostFetch(url, { headers, signal: idle.signal });
    const { status } = response;
    if (status !== 200 && status !== 206) await response.body?.cancel();
    if (status === 404 || status === 410) return { outcome: 'missing', path: part.path, bytes: 0 };
    if (status === 416) {
      await part.discard();
      throw new TransferFailed('the server has fewer bytes than we do: starting over');
    }
    if (status === 429 || status >= 500) throw new TransferFailed(`the server answers ${status}`);
    if (status !== 200 && status !== 206) throw new UnusableFile(`the server answers ${status} for ${url}`);
    const start = status === 206 ? startOf(response, resumed?.bytes ?? 0) : 0;
    if (start === 0) await part.begin(validatorOf(response));
    const length = response.headers.get('content-length');
    const total = length === null ? null : start + Number(length);
    if (total !== null && total > options.largestFile) {
      await response.body?.cancel();
      throw new UnusableFile(`${url} has ${total} bytes, more than the limit of ${options.largestFile}`);
    }
    const bytes = await store(response, part, start, options, idle);
    if (total !== null && bytes !== total) throw new TransferFailed(`${bytes} of ${total} bytes came`);
    await checkKind(part, name, url);
    await part.finish();
    return { outcome: 'downloaded', path: part.path, bytes };
  } catch (error) {
    if (error instanceof UnusableFile) await part.discard();
    if (error instanceof RedirectRefused) throw new UnusableFile(error.message);
    if (error instanceof UnusableFile || error instanceof TransferFailed) throw error;
    options.signal.throwIfAborted();
    if (isDiskError(error)) throw error;
    const reason = idle.expired ?? reasonOf(error);
    throw new TransferFailed(reason, { cause: error });
  } finally {
    idle.stop();
  }
}

/** Aborts when nothing comes for a while, or too little, or when the caller does. */
class PaceLimit {
  readonly #controller = new AbortController();
  readonly signal: AbortSignal;
  readonly #idle: NodeJS.Timeout;
  readonly #pace: NodeJS.Timeout;
  #bytes = 0;
  /** Why the transfer was given up. */
  expired: string | null = null;

  constructor({ idleMs, paceMs, slowest, signal }: FetchOptions) {
    this.signal = AbortSignal.any([signal, this.#controller.signal]);
    this.#idle = setTimeout(() => this.#expire(`nothing came for ${idleMs} ms`), idleMs);
    this.#pace = setInterval(() => {
      const rate = Math.round(this.#bytes / (paceMs / 1000));
      if (rate < slowest) this.#expire(`${rate} bytes a second came, fewer than ${slowest}`);
      this.#bytes = 0;
    }, paceMs);
  }

  heard(bytes: number): void {
    this.#bytes += bytes;
    this.#idle.refresh();
  }

  stop(): void {
    clearTimeout(this.#idle);
    clearInterval(this.#pace);
  }

  #expire(reason: string): void {
    this.expired ??= reason;
    this.#controller.abort();
  }
}

function startOf(response: Response, wanted: number): number {
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  if (range === null || Number(range[1]) !== wanted)
    throw new TransferFailed('the server sent another range than asked for');
  return wanted;
}

/** A strong ETag, else the date; a weak ETag cannot say that bytes are the same (RFC 9110, 8.8.3.2). */
function validatorOf(response: Response): string | null {
  const etag = response.headers.get('etag');
  if (etag?.startsWith('"')) return etag;
  return response.headers.get('last-modified');
}

async function store(
  response: Response,
  part: PartFile,
  start: number,
  options: FetchOptions,
  idle: PaceLimit,
): Promise<number> {
  const out = createWriteStream(part.partPath, { flags: start > 0 ? 'a' : 'w' });
  await once(out, 'open');
  let bytes = start;
  let failure: Error | null = null;
  out.on('error', (error) => {
    failure = error;
  });
  try {
    for await (const chunk of response.body ?? []) {
      idle.heard(chunk.length);
      if (failure !== null) throw failure;
      bytes += chunk.length;
      options.onBytes(chunk.length);
      if (bytes > options.largestFile)
        throw new UnusableFile(`${part.path} is over the limit of ${options.largestFile} bytes`);
      if (!out.write(chunk)) await once(out, 'drain', { signal: idle.signal });
    }
  } finally {
    // What came is kept for the next attempt.
    await new Promise<void>((resolve) => out.end(() => resolve()));
  }
  if (failure !== null) throw failure;
  return bytes;
}

const MAGIC: Record<string, Buffer> = { '.gz': Buffer.from([0x1f, 0x8b]), '.bz2': Buffer.from('BZh') };

/** An error page sent as a success must not pass for an archive; the decoder checks the rest. */
async function checkKind(part: PartFile, name: string, url: string): Promise<void> {
  const magic = MAGIC[name.slice(name.lastIndexOf('.'))];
  if (magic === undefined) return;
  const file = await open(part.partPath);
  try {
    const head = Buffer.alloc(magic.length);
    await file.read(head, 0, magic.length, 0);
    if (!head.equals(magic))
      throw new UnusableFile(`${url} is not what its name says (it begins with ${head.toString('hex')})`);
  } finally {
    await file.close();
  }
}

function isDiskError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return ['ENOSPC', 'EACCES', 'EROFS', 'EDQUOT', 'ENOTDIR', 'ENOENT'].includes(code ?? '');
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
